using System.Globalization;
using System.Text.RegularExpressions;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

public sealed partial class SystemdUnitTests : IDisposable
{
    private const double MostExposed = 2.0; // the highest exposure level accepted, of 10, by systemd-analyze security
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [RealServerFact("systemd-analyze")]
    public async Task Units_VerifiedBySystemd_NoErrors()
    {
        var output = await RunAsync($"systemd-analyze verify --man=no {Unit("proxy.service")} {Unit("proxy.socket")} 2>&1");

        Assert.DoesNotContain("proxy.", output, StringComparison.Ordinal);
    }

    [RealServerFact("systemd-analyze")]
    public async Task Service_ExposureLevel_IsLow()
    {
        var output = await RunAsync($"systemd-analyze security --offline=true --no-pager {Unit("proxy.service")}");

        var exposure = double.Parse(Exposure().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(exposure, 0, MostExposed);
    }

    [RealServerFact("systemd-analyze", "strace", "curl")]
    public async Task Service_SystemCallsOfTheProgram_AreAllAllowed()
    {
        var allowed = await AllowedAsync();
        var trace = Path.Combine(_folder.FullName, "trace");
        var (port, admin) = (Ports.Free(), Ports.Free());
        using var server = new TcpServer("hello");
        var file = Path.Combine(_folder.FullName, "proxy.json");
        await File.WriteAllTextAsync(
            file,
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "c", "Mode": "Lock", "Lock": { "OnActivate": [ { "Exec": ["true"] } ] } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://localhost:{{server.Port}}" } } } } },
              "Admin": { "Url": "http://127.0.0.1:{{admin}}" }, "Demo": { "Enabled": false },
              "Log": { "Access": { "Path": "{{_folder.FullName}}/access.log", "MaxBytes": 65536 } } }
            """
        );
        using var proxy = new ProxyProcess($"exec strace -f -qq -o {trace} sh -c 'shift; exec \"$@\"' sh", "run", "--config", file);
        await proxy.PortAsync();
        using (var client = await TcpClientSocket.ConnectAsync(port))
        {
            Assert.Equal("hello", await client.ReadAsync());
        }

        await RunAsync($"curl -s --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:{admin}/metrics"); // the admin endpoint listens after the routes do
        await RunAsync($"pkill -TERM -f '^[^ ]*dotnet .*run --config {file}$'"); // any path of dotnet, but not strace
        Assert.Equal(0, await proxy.ExitAsync());

        var called = File.ReadLines(trace)
            .Select(static line => Call().Match(line))
            .Where(static match => match.Success)
            .Select(static match => match.Groups[1].Value)
            .ToHashSet();
        Assert.InRange(called.Count, 40, 200);
        Assert.Empty(called.Except(allowed));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A unit whose program exists on this machine.</summary>
    private string Unit(string name)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "proxy");
        var copy = Path.Combine(_folder.FullName, name);
        File.WriteAllText(
            copy,
            File.ReadAllText(DeployFiles.Path("systemd", name)).Replace("/opt/proxy/proxy", program, StringComparison.Ordinal)
        );
        return copy;
    }

    /// <summary>The system calls that SystemCallFilter of the unit allows, by systemd's own lists.</summary>
    private static async Task<HashSet<string>> AllowedAsync()
    {
        var groups = new Dictionary<string, List<string>>();
        var group = new List<string>();
        foreach (var line in (await RunAsync("systemd-analyze syscall-filter --no-pager")).Split('\n'))
        {
            if (line.StartsWith('@'))
            {
                groups[line.Trim()] = group = [];
            }
            else if (line.StartsWith("    ", StringComparison.Ordinal) && !line.TrimStart().StartsWith('#'))
            {
                group.Add(line.Trim());
            }
        }

        var allowed = new HashSet<string>();
        var filters = File.ReadLines(DeployFiles.Path("systemd", "proxy.service"))
            .Where(static line => line.StartsWith("SystemCallFilter=", StringComparison.Ordinal));
        foreach (var filter in filters.Select(static line => line.Split('=')[1]))
        {
            if (filter.StartsWith('~'))
            {
                allowed.ExceptWith(Expand(filter[1..]));
            }
            else
            {
                allowed.UnionWith(Expand(filter));
            }
        }

        allowed.UnionWith(Expand("@default"));
        return allowed;

        IEnumerable<string> Expand(string name) => name.StartsWith('@') ? groups[name].SelectMany(Expand) : [name];
    }

    private static Task<string> RunAsync(string command) => Programs.RunAsync("sh", "", "-c", command);

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();

    [GeneratedRegex(@"^(?:\d+ +)?(\w+)\(")]
    private static partial Regex Call();
}
