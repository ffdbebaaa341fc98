using System.Globalization;
using Proxy.Etcd.Documents;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Documents;

/// <summary>Answers about edits of documents.</summary>
internal static class DocumentAnswers
{
    public static DocumentEditAnswer Of(string name, long? before, long? revision, DocumentReview review) =>
        new(
            name,
            before,
            revision,
            [.. review.Errors.Select(Problem.Of)],
            [.. review.Warnings.Select(Problem.Of)],
            [.. review.Difference.Select(static one => new PostedDifference(one.Path, one.Running, one.Other))]
        );

    public static void WriteProblems(TextWriter writer, DocumentEditAnswer answer)
    {
        foreach (var problem in answer.Errors)
        {
            writer.WriteLine(problem.Text);
        }

        foreach (var problem in answer.Warnings)
        {
            writer.WriteLine($"warning: {problem.Text}");
        }
    }

    /// <summary>A number of differences.</summary>
    public static string Count(int differences) =>
        differences switch
        {
            0 => "No difference",
            1 => "1 difference",
            _ => string.Create(CultureInfo.InvariantCulture, $"{differences} differences"),
        };
}
