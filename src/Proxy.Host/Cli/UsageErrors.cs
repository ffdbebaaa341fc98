using System.CommandLine;
using System.CommandLine.Invocation;

namespace Proxy.Host.Cli;

/// <summary>Prints what is wrong with a command line: each error, commands and options that were probably meant, and where help is.</summary>
internal static class UsageErrors
{
    public static async Task WriteAsync(ParseResult parsed, TextWriter errors)
    {
        foreach (var error in parsed.Errors)
        {
            await errors.WriteLineAsync(error.Message);
        }

        if (parsed.UnmatchedTokens.Count > 0)
        {
            await SuggestAsync(parsed, errors);
        }

        await errors.WriteLineAsync($"'{Path(parsed.CommandResult.Command)} --help' lists what can be written.");
    }

    // The library finds what is similar. It also prints the errors, which have been printed.
    private static async Task SuggestAsync(ParseResult parsed, TextWriter errors)
    {
        if (parsed.Action is not ParseErrorAction action)
        {
            return;
        }

        (action.ShowHelp, action.ShowTypoCorrections) = (false, true);
        using var output = new StringWriter();
        await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = TextWriter.Null });
        if (output.ToString().Trim() is { Length: > 0 } suggestions)
        {
            await errors.WriteLineAsync(suggestions);
        }
    }

    private static string Path(Command command) =>
        command is RootCommand || command.Parents.OfType<Command>().FirstOrDefault() is not { } parent
            ? "proxy"
            : $"{Path(parent)} {command.Name}";
}
