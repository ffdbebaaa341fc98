using System.CommandLine;
using Proxy.Host.Cli.Checking;
using Proxy.Host.Cli.Documents;
using Proxy.Host.Cli.Init;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>The root command of the program: without a subcommand it runs the host.</summary>
internal static class ProxyCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = Create();
        var parsed = root.Parse(args);
        // The host handles signals itself. The library would end the process two seconds after the first signal.
        var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null };
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(invocation);
        }

        await UsageErrors.WriteAsync(parsed, Console.Error);
        return ExitCode.BadInput;
    }

    /// <summary>Creates the root command with all others.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("A reverse proxy for TCP services and HTTP.")
        {
            Run(),
            DemoCommand.Create(),
            InitCommand.Create(),
            CheckCommand.Create(),
            ConfigCommand.Create(),
            Schema(),
            ForwardCommand.Create(),
            LockCommand.Create(),
            MultiplexCommand.Create(),
            StatusCommand.Create(),
        };
        foreach (var command in ListCommands.Create().Concat(DrainCommand.Create()))
        {
            root.Add(command);
        }

        root.Add(FleetCommand.Create());
        root.Add(ConditionsCommand.Create());
        root.Add(ConnectionsCommand.Create());
        root.Add(CloseCommand.Create());
        root.Add(ReloadCommand.Create());
        root.Add(ProtocolsCommand.Create());
        root.Add(CertificatesCommand.Create());
        root.Add(CompletionCommand.Create());
        root.Add(VersionCommand.Create());
        RunHost(root);
        HelpOptions.AddTo(root);
        return root;
    }

    private static Command Run()
    {
        var command = new Command("run", "Runs the host.");
        RunHost(command);
        return command;
    }

    private static void RunHost(Command command)
    {
        var config = new Option<string[]>("--config")
        {
            Description =
                $"A configuration file, or etcd:NAME for a document that hosts share; by default {ConfigurationFiles.Default}. If the option is repeated and a setting is in several of them, the last one wins.",
        };
        var application = new ApplicationOptions();
        command.Options.Add(config);
        application.AddTo(command);
        command.SetAction((parsed, token) => HostAsync(parsed.GetValue(config), application.Read(parsed), parsed, token));
    }

    private static Command Schema()
    {
        var command = new Command("schema", "Prints the JSON schema of the configuration.");
        command.SetAction(static parsed => parsed.InvocationConfiguration.Output.Write(TcpProxyExtensions.GenerateSchema()));
        return command;
    }

    private static async Task<int> HostAsync(
        string[]? files,
        WebApplicationOptions options,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        files = files is { Length: > 0 } ? files : [ConfigurationFiles.Default];
        files = [.. files.Select(file => ConfigurationFiles.IsShared(file) ? file : Path.Combine(options.ContentRootPath ?? "", file))];
        var missing = Array.Find(files, static file => !ConfigurationFiles.IsShared(file) && !File.Exists(file));
        if (missing is not null)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(
                $"The configuration file '{missing}' does not exist; name a file with --config FILE."
            );
            return ExitCode.BadInput;
        }

        return Array.Exists(files, ConfigurationFiles.IsShared)
            ? await DocumentCommand.ReportAsync(parsed, () => HostRunner.RunAsync(Sources(files), options, isShared: true))
            : await HostRunner.RunAsync(Sources(files), options);
    }

    private static IConfigurationBuilder Sources(string[] files) =>
        ConfigurationFiles.Sources(files).AddInMemoryCollection(ProxyEnvironment.Read());
}
