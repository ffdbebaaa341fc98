using System.Diagnostics;
using System.Globalization;

namespace Proxy.Host.Tests.Servers;

/// <summary>Hosts on one machine: namespaces with a network of their own each, joined by a bridge. Disposing ends all that runs in them.</summary>
internal sealed class NetworkNamespaces : IAsyncDisposable
{
    private readonly string _prefix = string.Create(CultureInfo.InvariantCulture, $"px{Environment.ProcessId}-");
    private readonly int _count;
    private readonly List<Process> _running = [];

    private NetworkNamespaces(int count) => _count = count;

    public static string Address(int host) => $"10.88.0.{host}";

    /// <summary>Makes hosts 1 to count.</summary>
    public static async Task<NetworkNamespaces> CreateAsync(int count)
    {
        var hosts = new NetworkNamespaces(count);
        await IpAsync("netns", "add", hosts.Name(0));
        await IpAsync("-n", hosts.Name(0), "link", "add", "br0", "type", "bridge");
        await IpAsync("-n", hosts.Name(0), "link", "set", "br0", "up");
        foreach (var host in Enumerable.Range(1, count))
        {
            await IpAsync("netns", "add", hosts.Name(host));
            await IpAsync(
                "-n",
                hosts.Name(0),
                "link",
                "add",
                $"v{host}",
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                hosts.Name(host)
            );
            await IpAsync("-n", hosts.Name(0), "link", "set", $"v{host}", "master", "br0", "up");
            await IpAsync("-n", hosts.Name(host), "addr", "add", $"{Address(host)}/24", "dev", "eth0");
            await IpAsync("-n", hosts.Name(host), "link", "set", "eth0", "up");
            await IpAsync("-n", hosts.Name(host), "link", "set", "lo", "up");
        }

        return hosts;
    }

    /// <summary>Cuts a host's link, or mends it.</summary>
    public Task LinkAsync(int host, bool up) => IpAsync("-n", Name(0), "link", "set", $"v{host}", up ? "up" : "down");

    /// <summary>Starts a program on a host; what it writes is thrown away.</summary>
    public Process Start(int host, string program, params string[] arguments)
    {
        var process = Run(host, program, arguments);
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _running.Add(process);
        return process;
    }

    /// <summary>Runs a program on a host to its end, and returns what it wrote; empty when it failed.</summary>
    public async Task<string> TryRunAsync(int host, string program, params string[] arguments)
    {
        using var process = Run(host, program, arguments);
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : "";
    }

    public static async Task SignalAsync(Process process, string name) =>
        await Programs.RunAsync("sh", "", "-c", $"kill -{name} {process.Id.ToString(CultureInfo.InvariantCulture)}");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        foreach (var host in Enumerable.Range(0, _count + 1))
        {
            await IpAsync("netns", "del", Name(host));
        }
    }

    private string Name(int host) => $"{_prefix}{host}";

    private static Task<string> IpAsync(params string[] arguments) => Programs.RunAsync("ip", "", arguments);

    // The program takes the place of ip, and its process id.
    private Process Run(int host, string program, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(Programs.Find("ip")!, ["netns", "exec", Name(host), program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
}
