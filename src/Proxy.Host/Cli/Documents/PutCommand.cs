using System.CommandLine;
using Proxy.Etcd.Documents;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Documents;

/// <summary><c>proxy config put</c>: checks a document with the layers of this machine, and writes it unless it has changed meanwhile.</summary>
internal static class PutCommand
{
    private static readonly Argument<string?> _file = new("FILE")
    {
        Description = "The file with the new text; - for standard input.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<long?> _from = new("--from-revision")
    {
        Description = "Writes a revision of the history again, instead of a file.",
    };
    private static readonly Option<long?> _revision = new("--revision")
    {
        Description =
            "The revision that the text was made of, as 'get' tells it (0: there was none). If the document is of another one by now, nothing is written.",
    };

    public static Command Create()
    {
        var command = DocumentCommand.Create(
            "put",
            "Checks a document with the layers of this machine, as 'check' does, and writes it.",
            PutAsync,
            _file,
            _from,
            _revision
        );
        command.Validators.Add(static result =>
        {
            if ((result.GetValue(_file) is null) == (result.GetValue(_from) is null))
            {
                result.AddError("Name a FILE, or a revision of the history with --from-revision.");
            }
        });
        return command;
    }

    private static async Task<int> PutAsync(
        DocumentSession session,
        ParseResult parsed,
        Printer printer,
        CancellationToken cancellationToken
    )
    {
        var text = parsed.GetValue(_from) is { } from
            ? (await session.Store.GetAsync(session.Name, from, cancellationToken)).Bytes
            : await DocumentSession.ReadFileAsync(parsed.GetValue(_file)!, cancellationToken);
        var before = await session.Store.GetAsync(session.Name, cancellationToken);
        if (parsed.GetValue(_revision) is { } expected && expected != (before?.Revision ?? 0))
        {
            throw new DocumentException(
                $"The text was made of revision {expected}, and {session.Layer} {(before is null ? "does not exist" : $"is of revision {before.Revision}")} by now; nothing is written. See 'proxy config diff {session.Name} FILE'.",
                isInput: true
            );
        }

        var review = DocumentReview.Of(session.Sources, session.Name, before, text, cancellationToken);
        if (review.Errors.Count > 0)
        {
            return Refused(session, before, review, parsed, printer);
        }

        var isSame = before is not null && before.Bytes.AsSpan().SequenceEqual(text);
        long? revision = isSame
            ? null
            : await session.Store.PutAsync(session.Name, text, before, Author(), TimeProvider.System.GetUtcNow(), cancellationToken);
        var answer = DocumentAnswers.Of(session.Name, before?.Revision, revision, review);
        printer.Print(
            answer,
            writer =>
            {
                DocumentAnswers.WriteProblems(writer, answer);
                writer.WriteLine(
                    isSame ? $"{session.Layer} has this text already, in revision {before!.Revision}; nothing is written."
                    : before is null ? $"{session.Layer} is written, revision {revision}."
                    : $"{session.Layer} is written, revision {revision}: {DocumentAnswers.Count(answer.Difference.Count)} to revision {before.Revision}."
                );
            }
        );
        return ExitCode.Ok;
    }

    private static int Refused(DocumentSession session, DocumentText? before, DocumentReview review, ParseResult parsed, Printer printer)
    {
        var answer = DocumentAnswers.Of(session.Name, before?.Revision, null, review);
        printer.Print(answer, writer => DocumentAnswers.WriteProblems(writer, answer));
        parsed.InvocationConfiguration.Error.WriteLine($"{session.Layer} is not written.");
        return ExitCode.BadInput;
    }

    // Who called sudo is more to the point than root.
    private static string Author() =>
        $"{Environment.GetEnvironmentVariable("SUDO_USER") ?? Environment.UserName}@{Environment.MachineName}";
}
