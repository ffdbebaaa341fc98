using System.CommandLine;
using Proxy.Configuration;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Checking;

/// <summary><c>proxy check</c>: validates configuration files, and on request probes this machine and compares them with a running host.</summary>
internal static class CheckCommand
{
    private static readonly Argument<string[]> _files = new("FILE")
    {
        Description = "The configuration files. If a setting is in several files, the last file wins.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<bool> _strict = new("--strict") { Description = "Exits with 1 if there are warnings." };
    private static readonly Option<bool> _probe = new("--probe")
    {
        Description = "Also binds each address briefly, resolves host names, and reads certificates.",
    };
    private static readonly AdminOptions _host = new("--against", required: false);

    public static Command Create()
    {
        var command = new Command("check", "Checks configuration files and prints all errors and warnings.") { _files, _strict, _probe };
        _host.AddTo(command);
        command.SetAction((parsed, token) => RemoteCommand.ReportAsync(parsed, () => StopAsync(parsed, token)));
        return command;
    }

    private static async Task<int> StopAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var signals = new StopSignals();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(signals.Token, cancellationToken);
        try
        {
            return await RunAsync(parsed, either.Token);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync("The check was interrupted.");
            return ExitCode.Failed;
        }
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        var root = ConfigurationFiles.Sources(parsed.GetValue(_files)!).Build();
        using var disposing = root as IDisposable;
        using var host = _host.IsGiven(parsed) ? _host.Connect(parsed) : null;
        var result = TcpProxyExtensions.Check(root, cancellationToken);
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
                running is null ? static (_, _) => false : running.Listens,
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
