using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Testing;

/// <summary>Real servers and clients as processes.</summary>
internal static class Programs
{
    /// <summary>The path of a program, or null; Debian keeps PostgreSQL's servers outside of PATH.</summary>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Concat(
                Directory.Exists("/usr/lib/postgresql")
                    ? Directory.GetDirectories("/usr/lib/postgresql", "bin", SearchOption.AllDirectories)
                    : []
            )
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    /// <summary>The dotnet that runs the tests.</summary>
    public static string Dotnet { get; } =
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Starts a server, whose standard output and error are thrown away.</summary>
    public static Process Start(string name, params string[] arguments) => Start(name, "", arguments);

    /// <summary>Runs a client to its end.</summary>
    /// <returns>Its standard output.</returns>
    public static async Task<string> RunAsync(string name, string input, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var process = Start(name, input, arguments);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? output.Trim()
                : throw new InvalidOperationException($"{name} ended with {process.ExitCode}: {output}");
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Runs a client whose input stays open until it has written what is awaited, and ends then.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="steps">One after the other: whether what it has written so far is enough, and what is then written to it.</param>
    /// <returns>Its exit code and its standard output, whatever they are.</returns>
    public static async Task<(int ExitCode, string Output)> TalkAsync(
        string name,
        string[] arguments,
        params (Func<string, bool> IsEnough, string Input)[] steps
    )
    {
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var process = Open(name, arguments);
        try
        {
            var (said, buffer, step) = (new StringBuilder(), new char[4096], 0);
            while (await process.StandardOutput.ReadAsync(buffer, limit.Token) is var count and > 0)
            {
                said.Append(buffer, 0, count);
                while (step < steps.Length && steps[step].IsEnough(said.ToString()))
                {
                    await process.StandardInput.WriteAsync(steps[step].Input.AsMemory(), limit.Token);
                    if (++step == steps.Length)
                    {
                        process.StandardInput.Close();
                    }
                }
            }

            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, said.ToString());
        }
        finally
        {
            process.Kill();
        }
    }

    /// <summary>Waits until somebody listens, without a connection that a server which allows few would count.</summary>
    public static Task ListensAsync(int port) =>
        Eventually.TrueAsync(() => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == port));

    public static Task<bool> AcceptsAsync(int port) => AcceptsAsync(new IPEndPoint(IPAddress.Loopback, port));

    public static async Task<bool> AcceptsAsync(EndPoint address)
    {
        try
        {
            using var client = await TcpClientSocket.ConnectAsync(address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Process Start(string name, string input, params string[] arguments)
    {
        var process = Open(name, arguments);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return process;
    }

    private static Process Open(string name, string[] arguments)
    {
        var program = Find(name) ?? throw new FileNotFoundException($"{name} is not installed.");
        var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }
}
