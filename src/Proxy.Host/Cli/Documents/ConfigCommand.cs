using System.CommandLine;
using System.Text;
using Proxy.Configuration.Reading;
using Proxy.Etcd.Documents;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Documents;

/// <summary><c>proxy config</c>: reads and writes the documents that hosts share.</summary>
internal static class ConfigCommand
{
    private static readonly Option<long?> _revision = new("--revision")
    {
        Description = "A revision of the history instead of the present one.",
    };
    private static readonly Argument<string> _file = new("FILE") { Description = "The file with the other text; - for standard input." };

    public static Command Create() =>
        new("config", "Reads and writes the configuration that hosts share through the engine.")
        {
            DocumentCommand.Create("get", "Prints a document.", GetAsync, _revision),
            PutCommand.Create(),
            DocumentCommand.Create("diff", "Compares a document with a file, key by key. Changes nothing.", DiffAsync, _file),
            DocumentCommand.Create("history", "Lists the versions of a document, the newest first.", HistoryAsync),
        };

    private static async Task<int> GetAsync(
        DocumentSession session,
        ParseResult parsed,
        Printer printer,
        CancellationToken cancellationToken
    )
    {
        var document = parsed.GetValue(_revision) is { } revision
            ? await session.Store.GetAsync(session.Name, revision, cancellationToken)
            : await session.Store.GetAsync(session.Name, cancellationToken) ?? throw Missing(session);
        var text = Encoding.UTF8.GetString(document.Bytes);
        printer.Print(new DocumentAnswer(session.Name, document.Revision, text), writer => writer.Write(text));
        if (!printer.IsJson)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(
                $"{session.Layer} is of revision {document.Revision}; put an edit of it with --revision {document.Revision}, so that no other edit is lost."
            );
        }

        return ExitCode.Ok;
    }

    private static async Task<int> DiffAsync(
        DocumentSession session,
        ParseResult parsed,
        Printer printer,
        CancellationToken cancellationToken
    )
    {
        var text = await DocumentSession.ReadFileAsync(parsed.GetValue(_file)!, cancellationToken);
        var before = await session.Store.GetAsync(session.Name, cancellationToken) ?? throw Missing(session);
        var review = DocumentReview.Compare(session.Name, session.Shared.Engine, before.Bytes, text, cancellationToken);
        var answer = DocumentAnswers.Of(session.Name, before.Revision, null, review);
        printer.Print(
            answer,
            writer =>
            {
                DocumentAnswers.WriteProblems(writer, answer);
                writer.WriteLine($"{DocumentAnswers.Count(answer.Difference.Count)} to {session.Layer}, revision {before.Revision}.");
                foreach (var difference in answer.Difference)
                {
                    writer.WriteLine(DifferenceText.Line(difference));
                }
            }
        );
        return answer.Errors.Count > 0 ? ExitCode.BadInput : ExitCode.Ok;
    }

    private static async Task<int> HistoryAsync(
        DocumentSession session,
        ParseResult parsed,
        Printer printer,
        CancellationToken cancellationToken
    )
    {
        var versions = await session.Store.HistoryAsync(session.Name, cancellationToken);
        printer.PrintTable<DocumentVersionAnswer>(
            [.. versions.Select(static one => new DocumentVersionAnswer(one.Revision, one.IsCurrent, one.At, one.By, one.Bytes))],
            $"There is no version of {session.Layer}.",
            new("REVISION", static one => one.Revision),
            new("CURRENT", static one => one.Current ? "yes" : ""),
            new("WRITTEN", static one => one.At is { } at ? $"{at.ToUniversalTime():yyyy-MM-dd HH:mm:ss}Z" : "not by 'proxy config put'"),
            new("BY", static one => Printable.Escape(one.By ?? "")),
            new("BYTES", static one => one.Bytes)
        );
        return ExitCode.Ok;
    }

    private static DocumentException Missing(DocumentSession session) =>
        new($"{session.Layer} does not exist in the engine; write it with 'proxy config put {session.Name} FILE'.", isInput: true);
}
