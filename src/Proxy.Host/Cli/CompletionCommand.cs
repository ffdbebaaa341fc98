using System.CommandLine;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy completion</c>: prints the script that makes a shell complete command lines. The scripts ask the program itself, by the directive
/// <c>[suggest]</c> of System.CommandLine, so they know what this version knows.
/// </summary>
internal static class CompletionCommand
{
    private static readonly string[] _shells = ["bash", "zsh", "fish", "powershell"];
    private static readonly Argument<string> _shell = new("SHELL") { Description = "The shell: bash, zsh, fish or powershell." };

    public static Command Create()
    {
        _shell.AcceptOnlyFromAmong(_shells);
        var command = new Command("completion", "Prints a script that makes a shell complete the commands and options of this program.")
        {
            _shell,
        };
        command.SetAction(static parsed => parsed.InvocationConfiguration.Output.Write(Script(parsed.GetValue(_shell)!)));
        return command;
    }

    private static string Script(string shell)
    {
        using var content = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion/{shell}")!;
        using var reader = new StreamReader(content);
        return reader.ReadToEnd();
    }
}
