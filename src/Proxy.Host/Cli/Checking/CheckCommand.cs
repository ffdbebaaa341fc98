using System.CommandLine;
using Proxy.Configuration;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Checking;

/// <summary><c>proxy check</c>: everything that is wrong with files, on this machine, and beside what a host runs.</summary>
internal static class CheckCommand
{
    private static readonly Argument<string[]> _files = new("FILE")
    {
        Description = "The files, in the order in which they win.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<bool> _strict = new("--strict") { Description = "Exit with 1 on warnings." };
    private static readonly Option<bool> _probe = new("--probe")
    {
        Description = "Also binds the addresses for a moment, resolves the names, and reads the certificates.",
    };
    private static readonly AdminOptions _host = new("--against", required: false);

    public static Command Create()
    {
        var command = new Command("check", "Checks configuration files and prints everything that is wrong.") { _files, _strict, _probe };
        _host.AddTo(command);
        command.SetAction((parsed, token) => RemoteCommand.ReportAsync(parsed, () => RunAsync(parsed, token)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var root = ConfigurationFiles.Sources(parsed.GetValue(_files)!).Build();
        using var disposing = root as IDisposable;
        using var host = _host.Names(parsed) ? _host.Connect(parsed) : null;
        var result = TcpProxyExtensions.Check(root);
        Print(result, output);
        if (result.Revision is not { } revision)
        {
            return ExitCode.BadInput;
        }

        var running = host is null ? null : await RunningHost.CompareAsync(host, root, cancellationToken);
        var warned = result.Warnings.Count > 0;
        if (parsed.GetValue(_probe))
        {
            var probed = await ConfigProbe.RunAsync(
                root,
                revision,
                running is null ? static (_, _) => false : running.Runs,
                TimeProvider.System,
                cancellationToken
            );
            Print(probed, output);
            result = probed;
            warned |= probed.Warnings.Count > 0;
        }

        running?.WriteTo(output);
        return result.Revision is null || running is { Accepts: false } ? ExitCode.BadInput
            : parsed.GetValue(_strict) && warned ? ExitCode.Failed
            : ExitCode.Ok;
    }

    private static void Print(ReadResult result, TextWriter output)
    {
        foreach (var problem in result.Errors)
        {
            output.WriteLine(problem);
        }

        foreach (var problem in result.Warnings)
        {
            output.WriteLine($"warning: {problem}");
        }
    }
}
