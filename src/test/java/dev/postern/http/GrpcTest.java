package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.TestServer;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.okhttp.OkHttpChannelBuilder;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** gRPC, of grpc-java on both sides, through an edge over TLS. */
class GrpcTest {
    private static final Metadata.Key<String> FROM_CLIENT =
            Metadata.Key.of("x-from-client", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> IN_TRAILERS =
            Metadata.Key.of("x_in.trailers", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<byte[]> BINARY = Metadata.Key.of("x-bytes-bin", Metadata.BINARY_BYTE_MARSHALLER);

    /** What is there without a protoc. */
    private static final class Text implements MethodDescriptor.Marshaller<String> {
        @Override
        public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
            try {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static MethodDescriptor<String, String> method(MethodType type, String name) {
        return MethodDescriptor.<String, String>newBuilder()
                .setType(type)
                .setFullMethodName("test.Echo/" + name)
                .setRequestMarshaller(new Text())
                .setResponseMarshaller(new Text())
                .build();
    }

    private static final MethodDescriptor<String, String> UNARY = method(MethodType.UNARY, "Unary");
    private static final MethodDescriptor<String, String> COLLECT = method(MethodType.CLIENT_STREAMING, "Collect");
    private static final MethodDescriptor<String, String> COUNT = method(MethodType.SERVER_STREAMING, "Count");
    private static final MethodDescriptor<String, String> CHAT = method(MethodType.BIDI_STREAMING, "Chat");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final AtomicReference<Metadata> headers = new AtomicReference<>();
    private final AtomicReference<Deadline> deadline = new AtomicReference<>();
    private final CountDownLatch cancelled = new CountDownLatch(1);

    private void unary(String request, StreamObserver<String> response) {
        deadline.set(Context.current().getDeadline());
        switch (request) {
            case "fail" -> {
                Metadata trailers = new Metadata();
                trailers.put(IN_TRAILERS, "kept");
                trailers.put(BINARY, new byte[] {0, 1, (byte) 255});
                response.onError(
                        Status.NOT_FOUND.withDescription("no such thing: ä%").asRuntimeException(trailers));
            }
            case "never" -> ((ServerCallStreamObserver<String>) response).setOnCancelHandler(cancelled::countDown);
            default -> {
                response.onNext(request);
                response.onCompleted();
            }
        }
    }

    private static StreamObserver<String> collect(StreamObserver<String> response) {
        List<String> all = new ArrayList<>();
        return new Observer() {
            @Override
            public void onNext(String value) {
                all.add(value);
            }

            @Override
            public void onCompleted() {
                response.onNext(String.join(",", all));
                response.onCompleted();
            }
        };
    }

    private void count(String to, StreamObserver<String> response) {
        if (to.equals("forever")) {
            var call = (ServerCallStreamObserver<String>) response;
            call.setOnCancelHandler(cancelled::countDown);
            call.onNext("first");
            return;
        }
        for (int i = 1; i <= Integer.parseInt(to); i++) {
            response.onNext(Integer.toString(i));
        }
        response.onCompleted();
    }

    private static StreamObserver<String> chat(StreamObserver<String> response) {
        return new Observer() {
            @Override
            public void onNext(String value) {
                response.onNext("you said " + value);
            }

            @Override
            public void onCompleted() {
                response.onNext("bye");
                response.onCompleted();
            }
        };
    }

    private abstract static class Observer implements StreamObserver<String> {
        @Override
        public void onError(Throwable gone) {
            // The other side's affair.
        }
    }

    private Server server() throws IOException {
        ServerInterceptor watch = new ServerInterceptor() {
            @Override
            public <Q, P> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, P> call, Metadata received, ServerCallHandler<Q, P> next) {
                headers.set(received);
                return next.startCall(call, received);
            }
        };
        Server server = OkHttpServerBuilder.forPort(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), InsecureServerCredentials.create())
                .addService(ServerServiceDefinition.builder("test.Echo")
                        .addMethod(UNARY, ServerCalls.asyncUnaryCall(this::unary))
                        .addMethod(COLLECT, ServerCalls.asyncClientStreamingCall(GrpcTest::collect))
                        .addMethod(COUNT, ServerCalls.asyncServerStreamingCall(this::count))
                        .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(GrpcTest::chat))
                        .build())
                .intercept(watch)
                .maxInboundMessageSize(16 << 20)
                .build()
                .start();
        edge.closes(() -> server.shutdownNow().awaitTermination());
        return server;
    }

    private ManagedChannel start() throws Exception {
        return start("");
    }

    private ManagedChannel start(String more) throws Exception {
        startWith(server().getPort(), more);
        return channel();
    }

    private void startWith(int port, String more) throws Exception {
        edge.start("""
                sites:
                  - names: [localhost, grpc.localhost]
                    backend: grpc
                    certificate: %s
                backends:
                  grpc: { servers: ["127.0.0.1:%d"], protocol: h2c }
                %s
                """.formatted(edge.site().certificate("localhost", "grpc.localhost"), port, more));
    }

    private ManagedChannel channel() {
        // The JDK names no server without a dot.
        ManagedChannel channel = OkHttpChannelBuilder.forAddress("127.0.0.1", edge.httpsPort())
                .overrideAuthority("grpc.localhost")
                .sslSocketFactory(edge.trust().getSocketFactory())
                .maxInboundMessageSize(16 << 20)
                .build();
        edge.closes(() -> channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS));
        return channel;
    }

    private static String unary(ManagedChannel channel, String request) {
        return ClientCalls.blockingUnaryCall(
                channel, UNARY, CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS), request);
    }

    private static StatusRuntimeException failure(Runnable call) {
        return catchThrowableOfType(StatusRuntimeException.class, call::run);
    }

    @Test
    void unaryCallIsAnswered() throws Exception {
        assertThat(unary(start(), "hello")).isEqualTo("hello");
        assertThat(headers.get().get(Metadata.Key.of("x-forwarded-for", Metadata.ASCII_STRING_MARSHALLER)))
                .isEqualTo("127.0.0.1");
    }

    @Test
    void metadataPassesBothWays() throws Exception {
        ManagedChannel channel = start();
        Metadata sent = new Metadata();
        sent.put(FROM_CLIENT, "hi");
        sent.put(BINARY, new byte[] {0, 1, (byte) 255});
        AtomicReference<Metadata> head = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();

        String answer = ClientCalls.blockingUnaryCall(
                io.grpc.ClientInterceptors.intercept(
                        channel,
                        MetadataUtils.newAttachHeadersInterceptor(sent),
                        MetadataUtils.newCaptureMetadataInterceptor(head, trailers)),
                UNARY,
                CallOptions.DEFAULT,
                "hello");

        assertThat(answer).isEqualTo("hello");
        assertThat(headers.get().get(FROM_CLIENT)).isEqualTo("hi");
        assertThat(headers.get().get(BINARY)).containsExactly(0, 1, 255);
        assertThat(trailers.get()).isNotNull();
    }

    @Test
    void statusMessageAndTrailersOfAFailureArrive() throws Exception {
        ManagedChannel channel = start();

        StatusRuntimeException failed = failure(() -> unary(channel, "fail"));

        assertThat(failed.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(failed.getStatus().getDescription()).isEqualTo("no such thing: ä%");
        Metadata trailers = Objects.requireNonNull(failed.getTrailers(), "trailers");
        assertThat(trailers.get(IN_TRAILERS)).isEqualTo("kept");
        assertThat(trailers.get(BINARY)).containsExactly(0, 1, 255);
    }

    @Test
    void streamOfTheClientIsCollected() throws Exception {
        BlockingQueue<String> answers = new ArrayBlockingQueue<>(10);
        StreamObserver<String> requests =
                ClientCalls.asyncClientStreamingCall(start().newCall(COLLECT, CallOptions.DEFAULT), into(answers));
        for (int i = 0; i < 100; i++) {
            requests.onNext("m" + i);
        }
        requests.onCompleted();

        assertThat(answers.poll(30, TimeUnit.SECONDS)).startsWith("m0,m1,").endsWith(",m99");
        assertThat(answers.poll(30, TimeUnit.SECONDS)).isEqualTo("completed");
    }

    @Test
    void streamOfTheServerArrivesInOrder() throws Exception {
        Iterator<String> answers = ClientCalls.blockingServerStreamingCall(start(), COUNT, CallOptions.DEFAULT, "1000");
        int last = 0;
        while (answers.hasNext()) {
            assertThat(answers.next()).isEqualTo(Integer.toString(++last));
        }
        assertThat(last).isEqualTo(1000);
    }

    /** Each answer comes before the next question is put: nothing is held back on the way. */
    @Test
    void bothTalkInTurns() throws Exception {
        BlockingQueue<String> answers = new ArrayBlockingQueue<>(10);
        StreamObserver<String> requests =
                ClientCalls.asyncBidiStreamingCall(start().newCall(CHAT, CallOptions.DEFAULT), into(answers));
        for (int i = 0; i < 20; i++) {
            requests.onNext("m" + i);
            assertThat(answers.poll(30, TimeUnit.SECONDS)).isEqualTo("you said m" + i);
        }
        requests.onCompleted();
        assertThat(answers.poll(30, TimeUnit.SECONDS)).isEqualTo("bye");
        assertThat(answers.poll(30, TimeUnit.SECONDS)).isEqualTo("completed");
    }

    @Test
    void largeMessagesPass() throws Exception {
        String large = "0123456789abcdef".repeat(256 * 1024);

        assertThat(unary(start(), large)).isEqualTo(large);
    }

    @Test
    void clientThatCancelsEndsTheCallAtTheServer() throws Exception {
        ManagedChannel channel = start();
        Context.CancellableContext context = Context.current().withCancellation();
        context.run(() -> {
            Iterator<String> answers =
                    ClientCalls.blockingServerStreamingCall(channel, COUNT, CallOptions.DEFAULT, "forever");
            assertThat(answers.next()).isEqualTo("first");
        });
        assertThat(cancelled.getCount()).isEqualTo(1);

        context.cancel(null);

        assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void deadlineReachesTheServerAndEndsTheCall() throws Exception {
        ManagedChannel channel = start();
        assertThat(unary(channel, "warm")).isEqualTo("warm");

        StatusRuntimeException failed = failure(() -> ClientCalls.blockingUnaryCall(
                channel, UNARY, CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.SECONDS), "never"));

        assertThat(failed.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
        assertThat(deadline.get()).isNotNull();
        assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void callWithoutAnyServerIsUnavailable() throws Exception {
        int closed;
        try (TestServer gone = TestServer.saying("")) {
            closed = gone.port();
        }
        startWith(closed, "");
        ManagedChannel channel = channel();

        StatusRuntimeException failed = failure(() -> unary(channel, "hello"));

        assertThat(failed.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(failed.getStatus().getDescription()).contains("request ");
    }

    @Test
    void callThatTheServerDoesNotAnswerExceedsItsDeadline() throws Exception {
        ManagedChannel channel = start("timeouts: { response: 300ms }");

        StatusRuntimeException failed = failure(() -> unary(channel, "never"));

        assertThat(failed.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    /** On the wire: one head with everything, and no page that no such client reads. */
    @Test
    void failureOfTheEdgeIsAHeadOnly() throws Exception {
        int closed;
        try (TestServer gone = TestServer.saying("")) {
            closed = gone.port();
        }
        startWith(closed, "");
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        client.request(1, "POST", "/test.Echo/Unary", true, "content-type", "application/grpc+proto");
        client.request(3, "POST", "/test.Echo/Unary", true, "content-type", "application/grpc-web");

        dev.postern.testing.Http2Wire.Frame head = client.await(Http2Client.HEADERS, 1);
        assertThat(head.isLast()).isTrue();
        assertThat(head.headers().status()).hasToString("200");
        assertThat(head.headers().get("content-type")).hasToString("application/grpc");
        assertThat(head.headers().get("grpc-status")).hasToString("14");
        assertThat(client.response(3).status()).isEqualTo(503);
    }

    private static StreamObserver<String> into(BlockingQueue<String> answers) {
        return new StreamObserver<>() {
            @Override
            public void onNext(String value) {
                answers.add(value);
            }

            @Override
            public void onError(Throwable failure) {
                answers.add(String.valueOf(failure));
            }

            @Override
            public void onCompleted() {
                answers.add("completed");
            }
        };
    }
}
