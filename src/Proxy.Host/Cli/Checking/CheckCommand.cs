using System.CommandLine;
using Proxy.Host.Cli.Documents;
using Proxy.Host.Cli.Output;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;
using Proxy.Revisions;

namespace Proxy.Host.Cli.Checking;

/// <summary><c>proxy check</c>: validates configuration files, and on request probes this machine and compares them with a running host.</summary>
internal static class CheckCommand
{
    private static readonly Argument<string[]> _files = new("FILE")
    {
        Description =
            "The configuration files, and etcd:NAME for documents that hosts share, which need the environment too. If a setting is in several of them, the last one wins.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<bool> _strict = new("--strict") { Description = "Exits with 1 if there are warnings." };
    private static readonly Option<bool> _probe = new("--probe")
    {
        Description = "Also binds each address briefly, resolves host names, and reads certificates.",
    };
    private static readonly AdminOptions _host = new("--against", required: false);
    private static readonly OutputOption _output = new();

    public static Command Create()
    {
        var command = new Command("check", "Checks configuration files and prints all errors and warnings.") { _files, _strict, _probe };
        _host.AddTo(command);
        _output.AddTo(command);
        command.SetAction((parsed, token) => RemoteCommand.ReportAsync(parsed, () => DocumentsAsync(parsed, token)));
        return command;
    }

    private static Task<int> DocumentsAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        Array.Exists(parsed.GetValue(_files)!, ConfigurationFiles.IsShared)
            ? DocumentCommand.ReportAsync(parsed, () => StopAsync(parsed, cancellationToken))
            : StopAsync(parsed, cancellationToken);

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
        await using var layers = await CheckedLayers.OpenAsync(parsed.GetValue(_files)!, cancellationToken);
        var root = layers.Sources.Build();
        using var disposing = root as IDisposable;
        using var host = _host.IsGiven(parsed) ? _host.Connect(parsed) : null;
        var result = TcpProxyExtensions.Check(root, cancellationToken);
        var (errors, warnings) = (result.Errors.ToList(), result.Warnings.ToList());
        RunningHost? against = null;
        RunningHost? own = null;
        if (result.Revision is { } revision)
        {
            against = host is null ? null : await RunningHost.CompareAsync(host, root, cancellationToken);
            if (parsed.GetValue(_probe))
            {
                own = against is null ? await OwnHost.FindAsync(_host, parsed, revision.Config.Admin, root, cancellationToken) : null;
                var running = against ?? own;
                var probed = await ConfigProbe.RunAsync(
                    root,
                    revision,
                    running is null ? static (_, _) => false : running.Listens,
                    TimeProvider.System,
                    cancellationToken
                );
                errors.AddRange(probed.Errors);
                warnings.AddRange(probed.Warnings);
            }
        }

        var answer = new CheckAnswer(
            errors.Count == 0 && against is not { Accepts: false },
            [.. errors.Select(Problem.Of)],
            [.. warnings.Select(Problem.Of)]
        )
        {
            RunningHost = own?.Url,
            Against = against?.Describe(),
        };
        _output.PrinterFor(parsed).Print(answer, writer => Write(writer, answer, against));
        return !answer.Valid ? ExitCode.BadInput
            : parsed.GetValue(_strict) && warnings.Count > 0 ? ExitCode.Failed
            : ExitCode.Ok;
    }

    private static void Write(TextWriter writer, CheckAnswer answer, RunningHost? against)
    {
        foreach (var problem in answer.Errors)
        {
            writer.WriteLine(problem.Text);
        }

        foreach (var problem in answer.Warnings)
        {
            writer.WriteLine($"warning: {problem.Text}");
        }

        if (answer.RunningHost is { } own)
        {
            writer.WriteLine(
                $"A host that runs already answers at {own} (Admin:Url): the addresses on which it listens were not bound. '--against {own}' shows what this configuration would change there."
            );
        }

        against?.WriteTo(writer);
    }
}
