using System.Text;
using Proxy.Configuration.Reading;

namespace Proxy.Host.Cli.Init;

/// <summary>Completes the answers: asks for those that are missing, or takes their defaults, and checks each by the rules of configurations.</summary>
/// <param name="answers">The answers that are known.</param>
/// <param name="input">Where answers come from; null if no questions can be asked.</param>
/// <param name="output">Where questions go.</param>
internal sealed class Interview(Answers answers, TextReader? input, TextWriter output)
{
    /// <summary>Completes the answers.</summary>
    /// <returns>What is wrong or missing; null if the answers are complete.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        if (await CompleteAsync(Questions.Kind, cancellationToken) is { } problem)
        {
            return problem;
        }

        var questions = Questions.For(answers[Questions.Kind]);
        foreach (var question in questions)
        {
            if (await CompleteAsync(question, cancellationToken) is { } wrong)
            {
                return wrong;
            }
        }

        return Questions
            .All.Where(question => answers.Has(question) && question != Questions.Kind)
            .Where(question => questions.All(asked => asked.Name != question.Name))
            .Select(question => $"--{question.Name} is not for --kind {answers[Questions.Kind]}.")
            .FirstOrDefault();
    }

    private async Task<string?> CompleteAsync(Question question, CancellationToken cancellationToken)
    {
        if (answers.Has(question))
        {
            return FindError(question) is { } error ? $"--{question.Name}: {error}" : null;
        }

        if (input is null || !question.IsAsked)
        {
            return question.Default(answers) is null
                ? $"--{question.Name} is missing: {question.Text}{Words(question)} It is asked for when the command runs on a terminal."
                : null;
        }

        while (true)
        {
            await AskAsync(question);
            if (await input.ReadLineAsync(cancellationToken) is not { } line)
            {
                return "The input has ended before the last question.";
            }

            if (FindError(question, line.Trim()) is not { } error)
            {
                return null;
            }

            await output.WriteLineAsync(Printable.Escape(error));
        }
    }

    private async Task AskAsync(Question question)
    {
        await output.WriteLineAsync();
        await output.WriteLineAsync(question.Text);
        foreach (var (index, (word, meaning)) in question.Choices.Index())
        {
            await output.WriteLineAsync($"  {index + 1}  {word}: {meaning}");
        }

        await output.WriteAsync(question.Default(answers) is { } value ? $"[{value}] " : "> ");
        await output.FlushAsync();
    }

    // An empty line takes the default, and a number the choice beside it.
    private string? FindError(Question question, string line)
    {
        if (line.Length == 0)
        {
            return question.Default(answers) is null ? "An answer is needed." : null;
        }

        if (question.Choices.Count > 0)
        {
            var isNumber = int.TryParse(line, out var number) && number >= 1 && number <= question.Choices.Count;
            var words = question.Choices.Select(static choice => choice.Word).ToList();
            line = isNumber
                ? question.Choices[number - 1].Word
                : words.Find(word => word.Equals(line, StringComparison.OrdinalIgnoreCase)) ?? line;
            if (!words.Contains(line))
            {
                return $"'{line}' is none of them; write a number or a word.";
            }
        }

        answers[question] = line;
        if (FindError(question) is not { } error)
        {
            return null;
        }

        answers.Remove(question);
        return error;
    }

    // What is still missing has examples, so an error is about this answer.
    private string? FindError(Question question) =>
        question == Questions.Port && !(int.TryParse(answers[question], out var port) && port is > 0 and <= 65535)
            ? $"'{answers[question]}' is not a port; write 1 to 65535."
        : answers[Questions.Kind] == Questions.Channels
        && question == Questions.Members
        && !answers.List(question).Any(member => member.StartsWith($"{answers[Questions.Instance]}=", StringComparison.Ordinal))
            ? $"the instance '{answers[Questions.Instance]}' is not among them; write ID=HOST:PORT for each, with commas between."
        : question == Questions.Kind || question == Questions.Instance ? null // what is right depends on the answers to come
        : Check();

    private string? Check()
    {
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(FirstConfig.Write(answers)));
        var root = new ConfigurationBuilder().AddJsonStream(text).Build();
        using var disposing = root as IDisposable;
        var result = TcpProxyExtensions.Check(root);
        return result.Errors.Concat(result.Warnings).FirstOrDefault()?.Message;
    }

    private static string Words(Question question) =>
        question.Choices.Count == 0 ? "" : $" One of {string.Join(", ", question.Choices.Select(static choice => choice.Word))}.";
}
