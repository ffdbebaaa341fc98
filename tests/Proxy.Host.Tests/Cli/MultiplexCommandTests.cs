using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

/// <summary><c>proxy multiplex</c> and <c>proxy protocols</c> with the options of tcp-multiplexer.</summary>
public sealed class MultiplexCommandTests : IDisposable
{
    private static readonly string[] _delays = ["--delay", "10ms", "--retryDelay", "31s"];
    private readonly TcpServer _server = new("");

    [Fact]
    public async Task Multiplex_OptionsOfTcpMultiplexer_ClientsShareOneConnectionAndNoMessageIsLogged()
    {
        var port = Ports.Free();
        using var process = new ProxyProcess(
            "",
            ["multiplex", "-l", $"{port}", "-t", $"127.0.0.1:{_server.Port}", "-p", "echo", "--timeout", "60", .. _delays, "-v"]
        );
        await process.PortAsync("*");
        using var one = await TcpClientSocket.ConnectAsync(port);
        using var two = await TcpClientSocket.ConnectAsync(port);

        Assert.Equal("a\n", await one.AskAsync("a\n"));
        Assert.Equal("b\n", await two.AskAsync("b\n"));

        Assert.Equal(1, _server.Connections);
        await process.SignalAsync("TERM");
        one.End();
        two.End();
        Assert.Equal(0, await process.ExitAsync());
        Assert.DoesNotContain("Request from client", process.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Multiplex_Debug_LogsEveryMessageInHex()
    {
        using var process = new ProxyProcess("", "multiplex", "-l", "127.0.0.1:0", "-t", $"127.0.0.1:{_server.Port}", "-d");
        using var client = await TcpClientSocket.ConnectAsync(await process.PortAsync());

        Assert.Equal("hi\n", await client.AskAsync("hi\n"));

        string[] directions = ["Request from client: ", "Request to destination: ", "Reply from destination after ", "Reply to client: "];
        await Eventually.TrueAsync(() =>
            Array.TrueForAll(
                directions,
                direction =>
                    Array.Exists(
                        process.Errors.Split('\n'),
                        line =>
                            line.Contains(direction, StringComparison.Ordinal)
                            && line.Contains("route multiplex, destination multiplex/to, 3 bytes: 68 69 0A", StringComparison.Ordinal)
                    )
            )
        );
    }

    [Fact]
    public async Task Multiplex_WritesDenyAndConvert_ClientOfModbusTcpIsToldAndNothingIsSent()
    {
        string[] options = ["--convert", "modbus", "--writes", "deny", "--keep-unused", "none", "--request-delay", "20ms"];
        using var process = new ProxyProcess(
            "",
            ["multiplex", "-l", "127.0.0.1:0", "-t", $"127.0.0.1:{_server.Port}", "-p", "modbus-serial", .. options]
        );
        using var client = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await client.ConnectAsync(System.Net.IPAddress.Loopback, await process.PortAsync());
        var reply = new byte[9];

        await client.SendAsync((byte[])[0, 7, 0, 0, 0, 6, 1, 6, 0, 1, 0, 2]);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        for (var count = 0; count < reply.Length; )
        {
            var received = await client.ReceiveAsync(reply.AsMemory(count), limit.Token);
            Assert.NotEqual(0, received);
            count += received;
        }

        Assert.Equal([0, 7, 0, 0, 0, 3, 1, 0x86, 1], reply);
        Assert.Equal(0, _server.Connections);
    }

    [Theory]
    [InlineData("--keep-unused", "soon")]
    [InlineData("--request-delay", "none")]
    [InlineData("--writes", "perhaps")]
    public async Task Multiplex_OptionThatIsWrong_ExitsWithTwo(string option, string value)
    {
        using var process = new ProxyProcess("", "multiplex", option, value);

        Assert.Equal(2, await process.ExitAsync());
        Assert.Contains(value, process.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http", "http1")]
    [InlineData("modbus", "modbus-tcp")]
    [InlineData("Modbus-Serial", "modbus-rtu-over-tcp")]
    [InlineData("mpu", "mpu")]
    public async Task Multiplex_ProtocolNameOfTcpMultiplexer_IsTranslated(string name, string expected)
    {
        var admin = $"http://127.0.0.1:{Ports.Free()}";
        using var process = new ProxyProcess("", "multiplex", "-l", "127.0.0.1:0", "-p", name, "--admin", admin);
        await process.PortAsync();

        using var http = new HttpClient();
        var answer = "";
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                answer = await http.GetStringAsync(new Uri($"{admin}/api/multiplex/multiplex/to"));
                return true;
            }
            catch (HttpRequestException)
            {
                return false; // the admin endpoint listens slightly later than the route
            }
        });

        using var status = JsonDocument.Parse(answer);
        Assert.Equal(expected, status.RootElement.GetProperty("protocol").GetString());
        Assert.Equal("tcp://127.0.0.1:1234", status.RootElement.GetProperty("address").GetString());
    }

    [Theory]
    [InlineData("modbus-tcp-crc", "multiplex", "-p", "modbus-rtu")]
    [InlineData("known protocols", "multiplex", "-p", "nonsense")]
    [InlineData("not a duration", "multiplex", "--delay", "2")]
    [InlineData("not a duration", "multiplex", "--retryDelay", "soon")]
    [InlineData("ResponseTimeout", "multiplex", "--timeout", "0")]
    [InlineData("timeout", "multiplex", "--timeout", "1m")]
    [InlineData("host name", "multiplex", "-l", "example.com:1")]
    public async Task Multiplex_BadOptions_ExitsWithTwoAndAReason(string expected, params string[] arguments)
    {
        var (exit, _, errors) = await ProxyProcess.RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.Contains(expected, errors, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Protocols_Always_PrintsOneLinePerProtocolBelowTheHeader()
    {
        var (exit, output, _) = await ProxyProcess.RunAsync("protocols");

        Assert.Equal(0, exit);
        Assert.Equal(
            [
                .. (string[])["line", "iso8583", "mpu", "modbus-tcp", "modbus-tcp-crc", "modbus-rtu-over-tcp", "modbus-ascii", "http1"],
                .. (string[])["scpi", "resp", "memcached"],
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => line.Split(' ')[0])
        );
    }

    public void Dispose() => _server.Dispose();
}
