using System.CommandLine;
using System.CommandLine.Help;

namespace Proxy.Host.Cli;

/// <summary>
/// Gives every command its option for help. <c>-h</c> is one of its names unless the command has an option of that name, as <c>proxy lock</c>
/// has from tcplock.
/// </summary>
internal static class HelpOptions
{
    private const string Short = "-h";

    public static void AddTo(RootCommand root)
    {
        // The library's own option is one for all commands.
        foreach (var common in root.Options.OfType<HelpOption>().ToList())
        {
            root.Options.Remove(common);
        }

        AddToAll(root);
    }

    private static void AddToAll(Command command)
    {
        var isTaken = command.Options.Any(static option => option.Name == Short || option.Aliases.Contains(Short));
        command.Add(new HelpOption("--help", isTaken ? ["-?"] : [Short, "-?"]) { Recursive = false });
        foreach (var child in command.Subcommands)
        {
            AddToAll(child);
        }
    }
}
