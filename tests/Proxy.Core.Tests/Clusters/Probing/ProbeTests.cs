using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Clusters.Probing;
using Proxy.Configuration.Reading;
using Proxy.Connections;
using Proxy.Connections.Linux;
using Proxy.Connections.Sockets;
using Proxy.Timing;

namespace Proxy.Core.Tests.Clusters.Probing;

public sealed class ProbeTests : IDisposable
{
    private readonly DeadlineClock _clock = new(TimeProvider.System);
    private readonly EventLoopGroup _loops = new(1, null, NullLogger.Instance);
    private readonly Socket _server = Loopback.Listen();

    [Theory]
    [InlineData("PING\r\n", "+PONG", 0, "+PONG\r\n", null)] // Redis
    [InlineData("PING\r\n", "+PONG", 0, "-NOAUTH\r\n", "ended its answer after 9 bytes")]
    [InlineData("hex:0000000804D2162F", "hex:53", 0, "S", null)] // PostgreSQL with TLS
    [InlineData("hex:0000000804D2162F", "hex:53", 0, "N", "ended its answer after 1 bytes")]
    [InlineData(null, "hex:0A", 5, "J\0\0\0\n8.0", null)] // the greeting of MySQL
    [InlineData(null, "220 ", 0, "220 mail.example.com\r\n", null)] // SMTP
    [InlineData(null, "220 ", 0, "421 busy\r\n", "ended its answer")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", " 200 ", 0, "HTTP/1.1 200 OK\r\n\r\n", null)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", " 200 ", 0, "HTTP/1.1 503 No\r\n\r\n", "ended its answer")]
    [InlineData(null, null, 4, "1234", null)]
    [InlineData(null, null, 5, "1234", "ended its answer after 4 bytes")]
    [InlineData("x", null, 0, "", null)]
    public async Task Run_Answer_JudgedByWhatItContainsAndItsLength(string? send, string? expect, int minimum, string answer, string? error)
    {
        foreach (var loops in (bool[])[false, true])
        {
            var probe = Create(send, expect, minimum);
            var running = RunAsync(probe, loops && OperatingSystem.IsLinux());
            using var accepted = await _server.AcceptWithinAsync();
            if (send is not null)
            {
                var received = new byte[ByteText.Parse(send).Length];
                await using var stream = new NetworkStream(accepted, ownsSocket: false);
                await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Eventually.Limit);
                Assert.Equal(ByteText.Parse(send), received);
            }

            foreach (var value in Encoding.Latin1.GetBytes(answer)) // however it comes
            {
                await TrySendAsync(accepted, [value]);
            }

            TryEnd(accepted);
            Assert.Contains(error ?? "", await running.WaitAsync(Eventually.Limit) ?? "", StringComparison.Ordinal);
            Assert.Equal(error is null, await running is null);
        }
    }

    [Fact]
    public async Task Run_AnswerWithoutEnd_FailsAtTheMostThatIsRead()
    {
        var running = RunAsync(Create(null, "never", 0), loops: false);
        using var accepted = await _server.AcceptWithinAsync();
        for (var i = 0; i < 20 && await TrySendAsync(accepted, new byte[1024]); i++) { }

        Assert.Contains("not in the first 16384 bytes", await running.WaitAsync(Eventually.Limit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoAnswer_EndsWhenItIsCancelled()
    {
        using var late = new CancellationTokenSource();
        var running = RunAsync(Create("PING", "PONG", 0), loops: false, late.Token);
        using var accepted = await _server.AcceptWithinAsync();
        await accepted.ReadTextAsync(4);

        await late.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public void Of_Metadata_OnlyWithAProbe()
    {
        Assert.Null(Probe.Of(null));
        Assert.Null(Probe.Of(new Dictionary<string, string> { ["other"] = "1" }));
        var probe = Create("PING", "hex:00", 3);
        Assert.Equal(("PING", 1, 3), (Encoding.ASCII.GetString(probe.Send), probe.Expect.Length, probe.MinimumBytes));
    }

    public void Dispose()
    {
        _server.Dispose();
        _loops.Dispose();
        _clock.Dispose();
    }

    private static Probe Create(string? send, string? expect, int minimum)
    {
        var metadata = new Dictionary<string, string> { ["Tcp:Probe:MinimumBytes"] = $"{minimum}" };
        if (send is not null)
        {
            metadata["Tcp:Probe:Send"] = send;
        }

        if (expect is not null)
        {
            metadata["Tcp:Probe:Expect"] = expect;
        }

        return Probe.Of(metadata)!;
    }

    // Returns what went wrong.
    private async Task<string?> RunAsync(Probe probe, bool loops, CancellationToken cancellationToken = default)
    {
        var buffers = new BufferPool();
        Microsoft.AspNetCore.Connections.IConnectionFactory factory = loops
            ? new EpollConnectionFactory(new EpollDependencies(_loops, buffers), TimeProvider.System)
            : new SocketConnectionFactory(buffers, _clock, TimeProvider.System);
        await using var connection = await factory.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _server.Port()), cancellationToken);
        try
        {
            await probe.RunAsync(connection, cancellationToken);
            return null;
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }

    private static async Task<bool> TrySendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAsync(bytes);
            return true;
        }
        catch (SocketException)
        {
            return false; // the probe has seen enough and left
        }
    }

    private static void TryEnd(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The same.
        }
    }
}
