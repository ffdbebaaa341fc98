using System.CommandLine;
using Proxy.Multiplexing.Framing;

namespace Proxy.Host.Cli;

/// <summary><c>proxy protocols</c>: lists the names and descriptions of the protocols for Multiplex.</summary>
internal static class ProtocolsCommand
{
    public static Command Create()
    {
        var command = new Command("protocols", "Lists the protocols that Multiplex supports by name.");
        command.SetAction(static parsed =>
        {
            using var provider = new ServiceCollection().AddTcpProxy().Services.BuildServiceProvider();
            var framers = provider.GetRequiredService<FramerRegistry>().Framers;
            var width = framers.Max(static framer => framer.Name.Length);
            foreach (var framer in framers)
            {
                parsed.InvocationConfiguration.Output.WriteLine($"{framer.Name.PadRight(width)}  {framer.Description}");
            }
        });
        return command;
    }
}
