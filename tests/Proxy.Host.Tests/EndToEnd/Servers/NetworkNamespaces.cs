using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Simulates hosts on one machine: network namespaces joined by a bridge. Disposing kills all processes in them.</summary>
internal sealed partial class NetworkNamespaces : IAsyncDisposable
{
    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET

    private static int _created;

    private readonly int _serial = Interlocked.Increment(ref _created);
    private readonly List<string> _made = [];
    private readonly List<Process> _running = [];

    private NetworkNamespaces() { }

    /// <summary>The name of a namespace among those created next; 0 is the bridge that joins them.</summary>
    public static string NextName(int host) => Name(_created + 1, host);

    public static string Address(int host) => $"10.88.0.{host}";

    /// <summary>Creates hosts 1 to count; if one cannot be created, those before it are removed.</summary>
    public static async Task<NetworkNamespaces> CreateAsync(int count)
    {
        var hosts = new NetworkNamespaces();
        try
        {
            await hosts.AddAsync(0);
            await IpAsync("-n", hosts.Name(0), "link", "add", "br0", "type", "bridge");
            await IpAsync("-n", hosts.Name(0), "link", "set", "br0", "up");
            foreach (var host in Enumerable.Range(1, count))
            {
                await hosts.AddAsync(host);
                await hosts.JoinAsync(host);
            }

            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes a host's network link down, or up again.</summary>
    public Task LinkAsync(int host, bool up) => IpAsync("-n", Name(0), "link", "set", $"v{host}", up ? "up" : "down");

    /// <summary>The beginning of a shell command that runs what follows on a host, where /etc/netns/NAME/resolv.conf names its DNS servers.</summary>
    public string Shell(int host) => $"exec ip netns exec {Name(host)} sh -c 'shift; exec \"$@\"' sh";

    /// <summary>The folder of the files of /etc that a host sees in place of the machine's; the caller creates and deletes it.</summary>
    public string Etc(int host) => $"/etc/netns/{Name(host)}";

    /// <summary>Does something on a host, such as creating a socket, which stays there.</summary>
    public async Task<T> InAsync<T>(int host, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A thread of its own, since it stays in the namespace.
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"/var/run/netns/{Name(host)}");
                if (SetNamespace((int)file.DangerousGetHandle(), NetworkNamespace) != 0)
                {
                    throw new IOException(Marshal.GetLastPInvokeErrorMessage());
                }

                done.SetResult(work());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        thread.Start();
        return await done.Task;
    }

    /// <summary>Starts a program on a host; its output is discarded.</summary>
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

    /// <summary>Runs a program on a host until it ends, and returns its output; empty if it failed.</summary>
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

        foreach (var name in _made)
        {
            await IpAsync("netns", "del", name);
        }
    }

    private static string Name(int serial, int host) =>
        string.Create(CultureInfo.InvariantCulture, $"px{Environment.ProcessId}-{serial}-{host}");

    private string Name(int host) => Name(_serial, host);

    private async Task AddAsync(int host)
    {
        await IpAsync("netns", "add", Name(host));
        _made.Add(Name(host));
    }

    private async Task JoinAsync(int host)
    {
        string[] link = ["link", "add", $"v{host}", "type", "veth", "peer", "name", "eth0", "netns", Name(host)];
        await IpAsync(["-n", Name(0), .. link]);
        await IpAsync("-n", Name(0), "link", "set", $"v{host}", "master", "br0", "up");
        await IpAsync("-n", Name(host), "addr", "add", $"{Address(host)}/24", "dev", "eth0");
        await IpAsync("-n", Name(host), "link", "set", "eth0", "up");
        await IpAsync("-n", Name(host), "link", "set", "lo", "up");
    }

    private static Task<string> IpAsync(params string[] arguments) => Programs.RunAsync("ip", "", arguments);

    // ip replaces itself by the program, which keeps its process id.
    private Process Run(int host, string program, string[] arguments) =>
        Process.Start(
            new ProcessStartInfo(Programs.Find("ip")!, ["netns", "exec", Name(host), program, .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(int descriptor, int type);
}
