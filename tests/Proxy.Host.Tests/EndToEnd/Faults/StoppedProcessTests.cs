using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Faults;

/// <summary>
/// The program, stopped for longer than its deadlines while clients and devices go on. Runs alone, because all clients have to come within these deadlines, and
/// the test takes as long as they are.
/// </summary>
[Collection(Alone.Name)]
public sealed class StoppedProcessTests : IDisposable
{
    private const int Clients = 600;
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20); // on a busy machine the clients take seconds to come, and to be answered

    private readonly TcpServer _server = new("");
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-stopped-").FullName;

    [Fact]
    public async Task Run_StoppedUnderLoadAndContinued_NothingIsTimedOut()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await Task.WhenAll(StopAsync("Auto"), StopAsync("Sockets")); // at once, since each takes as long as the deadlines
    }

    public void Dispose()
    {
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StopAsync(string transport)
    {
        using var device = new Device();
        var file = Path.Combine(_folder, transport);
        await File.WriteAllTextAsync(file, Config(transport, device.Port));
        using var process = new ProxyProcess("", "--config", file);
        var (forward, line) = (await process.PortAsync("127.0.0.2"), await process.PortAsync("127.0.0.3"));
        var clients = new List<TcpClientSocket>();
        for (var i = 0; i < Clients; i++)
        {
            clients.Add(await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.2"), forward)));
        }

        await Task.WhenAll(clients.Select(static async client => Assert.Equal("1", await client.AskAsync("1"))));
        using var asking = await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Parse("127.0.0.3"), line));
        await asking.SendAsync("question\n");
        await device.Asked.WaitAsync(Eventually.Limit);

        await process.SignalAsync("STOP");
        await Task.WhenAll(clients.Select(static client => client.SendAsync("2")));
        device.Answer(); // is in the socket while the process is stopped
        await Task.Delay(_limit + TimeSpan.FromSeconds(2), TimeProvider.System);
        await process.SignalAsync("CONT");

        await Task.WhenAll(clients.Select(static async client => Assert.Equal("2", await client.ReadAsync())));
        Assert.Equal("question\n", await asking.ReadAsync());
        Assert.Equal("next\n", await asking.AskAsync("next\n"));
        clients.ForEach(static client => client.Dispose());
        Assert.DoesNotContain("answer", process.Errors, StringComparison.Ordinal);
    }

    private string Config(string transport, int device) =>
        $$"""
            { "Transport": { "Kind": "{{transport}}" },
              "ReverseProxy": {
                "TcpRoutes": {
                  "forward": { "Listen": "127.0.0.2:0", "ClusterId": "c", "IdleTimeout": "{{_limit}}" },
                  "line": { "Listen": "127.0.0.3:0", "ClusterId": "device", "Mode": "Multiplex" } },
                "Clusters": {
                  "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{_server.Port}}" } } },
                  "device": {
                    "Multiplex": { "Protocol": "line", "ResponseTimeout": "{{_limit}}" },
                    "Destinations": { "d": { "Address": "tcp://127.0.0.1:{{device}}" } } } } } }
            """;

    /// <summary>Echoes lines; the first one only when told to.</summary>
    private sealed class Device : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Device()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            _ = RunAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

        public Task Asked => _asked.Task;

        public void Answer() => _answer.SetResult();

        public void Dispose() => _listener.Dispose();

        private async Task RunAsync()
        {
            try
            {
                using var socket = await _listener.AcceptAsync();
                await using var stream = new NetworkStream(socket);
                using var lines = new StreamReader(stream, Encoding.ASCII);
                while (await lines.ReadLineAsync() is { } line)
                {
                    _asked.TrySetResult();
                    await _answer.Task;
                    await socket.SendAsync(Encoding.ASCII.GetBytes(line + "\n"));
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException) { }
        }
    }
}
