using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Init;

/// <summary><c>proxy init</c>: writes a first configuration from a few answers, which are options or are asked for on a terminal.</summary>
internal static class InitCommand
{
    private const string ToOutput = "-";

    private static readonly Option<string> _file = new("--file")
    {
        Description = "The file to write, with the schema beside it; - writes to standard output.",
        DefaultValueFactory = static _ => "proxy.json",
    };
    private static readonly Option<bool> _force = new("--force") { Description = "Replaces a file that exists." };
    private static readonly Dictionary<Question, Option<string?>> _options = Questions.All.ToDictionary(
        static question => question,
        CreateOption
    );

    public static Command Create()
    {
        var command = new Command("init", "Writes a first configuration: asks a few questions, or takes the answers from options.")
        {
            _file,
            _force,
        };
        foreach (var option in _options.Values)
        {
            command.Add(option);
        }

        command.SetAction(
            (parsed, cancellationToken) => RunAsync(parsed, Console.IsInputRedirected ? null : Console.In, cancellationToken)
        );
        return command;
    }

    private static Option<string?> CreateOption(Question question)
    {
        var option = new Option<string?>($"--{question.Name}") { Description = question.Text };
        if (question.Choices.Count > 0)
        {
            option.Description += $" One of {string.Join(", ", question.Choices.Select(static choice => choice.Word))}.";
            option.AcceptOnlyFromAmong([.. question.Choices.Select(static choice => choice.Word)]);
        }

        return option;
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="input">Where answers come from; null if no questions can be asked.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    private static async Task<int> RunAsync(ParseResult parsed, TextReader? input, CancellationToken cancellationToken)
    {
        var (output, errors) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var file = parsed.GetValue(_file)!;
        if (file != ToOutput && File.Exists(file) && !parsed.GetValue(_force))
        {
            await errors.WriteLineAsync($"{file} exists; name another file with --file, or replace it with --force.");
            return ExitCode.BadInput;
        }

        var answers = new Answers();
        foreach (var (question, option) in _options)
        {
            if (parsed.GetValue(option) is { } value)
            {
                answers[question] = value;
            }
        }

        // Questions are on standard error, so that "--file -" can be redirected.
        if (await new Interview(answers, input, errors).RunAsync(cancellationToken) is { } problem)
        {
            await errors.WriteLineAsync(Printable.Escape(problem));
            return ExitCode.BadInput;
        }

        var text = FirstConfig.Write(answers);
        if (file == ToOutput)
        {
            await output.WriteAsync(text);
            return ExitCode.Ok;
        }

        try
        {
            await WriteAsync(file, text, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            await errors.WriteLineAsync(Printable.Escape($"{file}: {exception.Message}"));
            return ExitCode.Failed;
        }

        await output.WriteLineAsync(
            $"""
            {file} is written, with {FirstConfig.SchemaFile} beside it.
            Check it:  proxy check {file}
            Run it:    proxy run --config {file}
            """
        );
        return ExitCode.Ok;
    }

    private static async Task WriteAsync(string file, string text, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, FirstConfig.SchemaFile), TcpProxyExtensions.GenerateSchema(), cancellationToken);
        await File.WriteAllTextAsync(file, text, cancellationToken);
    }
}
