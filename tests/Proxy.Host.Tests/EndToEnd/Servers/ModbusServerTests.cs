using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>A real Modbus device that allows one connection, behind a route: pymodbus, driven by libmodbus (mbpoll) and by pymodbus' clients.</summary>
public sealed partial class ModbusServerTests
{
    private const string Python = "/usr/bin/python3"; // the Python that has Debian's packages

    [RealServerFact("mbpoll", "pymodbus.server")]
    public Task Route_TcpDevice_MbpollReadsAndWrites() =>
        DriveAsync(
            "tcp",
            "modbus-tcp",
            "modbus-tcp",
            async port =>
            {
                Assert.Equal(Enumerable.Range(1010, 20), await PollAsync(port, 1, "-r", "10", "-c", "20", "-t", "4"));
                Assert.Equal(Enumerable.Range(2100, 5), await PollAsync(port, 2, "-r", "100", "-c", "5", "-t", "3"));
                await WriteAsync(port, "-r", "500", "7", "8", "9");
                Assert.Equal([3499, 7, 8, 9, 3503], await PollAsync(port, 3, "-r", "499", "-c", "5", "-t", "4"));
            }
        );

    [RealServerFact("mbpoll", "pymodbus.server")]
    public Task Route_TcpDevice_ManyMbpollsAtOnceEachReadTheirOwn() => DriveAsync("tcp", "modbus-tcp", "modbus-tcp", PollAtOnceAsync);

    [RealServerFact("mbpoll", "pymodbus.server")]
    public Task Route_RtuDevice_ManyMbpollsAtOnceEachReadTheirOwn() =>
        DriveAsync("rtu", "modbus-rtu-over-tcp", "modbus-tcp", PollAtOnceAsync);

    [RealServerFact("pymodbus.server")]
    public Task Route_TcpDevice_ItsOwnClientsOverTcpReadTheirOwn() =>
        DriveAsync("tcp", "modbus-tcp", "modbus-tcp", static port => ReadAtOnceAsync(port, "tcp"));

    [RealServerFact("pymodbus.server")]
    public Task Route_TcpDevice_ItsOwnClientsOverRtuReadTheirOwn() =>
        DriveAsync("tcp", "modbus-tcp", "modbus-rtu-over-tcp", static port => ReadAtOnceAsync(port, "rtu"));

    [RealServerFact("pymodbus.server")]
    public Task Route_RtuDevice_ItsOwnClientsOverRtuReadTheirOwn() =>
        DriveAsync("rtu", "modbus-rtu-over-tcp", "modbus-rtu-over-tcp", static port => ReadAtOnceAsync(port, "rtu"));

    private static async Task DriveAsync(string kind, string device, string clients, Func<string, Task> drive)
    {
        var port = Ports.Free();
        using var server = Programs.Start(Python, Script("modbus_device.py"), $"{port}", kind);
        try
        {
            await Programs.ListensAsync(port);
            await using var host = await TestHost.StartAsync(
                $$"""
                { "ReverseProxy": {
                    "TcpRoutes": { "m": { "Listen": "127.0.0.1:0", "ClusterId": "d", "Mode": "Multiplex", "Multiplex": { "Protocol": "{{clients}}" } } },
                    "Clusters": { "d": {
                      "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{port}}" } },
                      "Multiplex": { "Protocol": "{{device}}", "KeepUnused": "None" } } } } }
                """
            );
            await drive($"{((IPEndPoint)host.Address).Port}");
            var status = host.Multiplexed;
            Assert.Empty(status.Errors); // the device never had to close a second connection
            Assert.Single(status.Upstreams);
        }
        finally
        {
            server.Kill();
        }
    }

    private static Task PollAtOnceAsync(string port) =>
        Task.WhenAll(
            Enumerable
                .Range(0, 24)
                .Select(async number =>
                {
                    var (unit, first) = (1 + (number % 3), 10 * number);
                    for (var round = 0; round < 3; round++)
                    {
                        var values = await PollAsync(port, unit, "-r", $"{first}", "-c", "30", "-t", "4");
                        Assert.Equal(Enumerable.Range((1000 * unit) + first, 30), values);
                    }
                })
        );

    private static async Task ReadAtOnceAsync(string port, string framing) =>
        Assert.Equal("4800", await Programs.RunAsync(Python, "", Script("modbus_clients.py"), port, framing, "24"));

    private static async Task<IEnumerable<int>> PollAsync(string port, int unit, params string[] what)
    {
        var output = await Programs.RunAsync(
            "mbpoll",
            "",
            ["-m", "tcp", "-p", port, "-0", "-1", "-o", "10", "-a", $"{unit}", .. what, "127.0.0.1"]
        );
        return Value().Matches(output).Select(static match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    private static Task<string> WriteAsync(string port, string option, string first, params string[] values) =>
        Programs.RunAsync("mbpoll", "", ["-m", "tcp", "-p", port, "-0", "-o", "10", "-a", "3", option, first, "127.0.0.1", .. values]);

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Servers", name);

    [GeneratedRegex(@"^\[\d+\]:\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex Value();
}
