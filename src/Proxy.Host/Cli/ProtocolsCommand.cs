using System.CommandLine;
using Proxy.Host.Cli.Output;
using Proxy.Multiplexing.Framing;

namespace Proxy.Host.Cli;

/// <summary><c>proxy protocols</c>: lists the names and descriptions of the protocols for Multiplex.</summary>
internal static class ProtocolsCommand
{
    public static Command Create()
    {
        var output = new OutputOption();
        var command = new Command("protocols", "Lists the protocols that Multiplex supports by name.");
        output.AddTo(command);
        command.SetAction(parsed =>
        {
            using var provider = new ServiceCollection().AddTcpProxy().Services.BuildServiceProvider();
            var framers = provider.GetRequiredService<FramerRegistry>().Framers;
            output
                .PrinterFor(parsed)
                .PrintTable(
                    [.. framers.Select(static framer => new { framer.Name, framer.Description })],
                    "No protocol.",
                    new("PROTOCOL", static framer => framer.Name),
                    new("DESCRIPTION", static framer => framer.Description)
                );
        });
        return command;
    }
}
