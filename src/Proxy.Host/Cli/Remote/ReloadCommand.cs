using System.CommandLine;
using System.Net;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy reload</c>: makes a running host reload its configuration files, and prints the result.</summary>
internal static class ReloadCommand
{
    private const int Limit = 10; // seconds; the client waits longer for an answer

    public static Command Create() =>
        RemoteCommand.Create(
            "reload",
            "Makes a running host reload its configuration files and prints the result. The host also detects edits by itself.",
            RunAsync
        );

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        using var response = await host.SendAsync(HttpMethod.Post, $"api/configuration/reload?wait={Limit}", null, cancellationToken);
        var answer = await host.ReadAsync<ConfigurationAnswer>(response, cancellationToken);
        return response.StatusCode switch
        {
            HttpStatusCode.UnprocessableEntity => Rejected(answer, printer, parsed.InvocationConfiguration.Error),
            HttpStatusCode.OK => Applied(answer, printer),
            _ => throw new AdminException(
                answer.Pending ?? $"The configuration files were not applied within {Limit} s; see 'proxy status' and the log of the host."
            ),
        };
    }

    private static int Rejected(ConfigurationAnswer answer, Printer printer, TextWriter errors)
    {
        printer.Print(
            ReloadResult.Of(answer),
            _ =>
            {
                foreach (var problem in answer.Rejected)
                {
                    errors.WriteLine(Printable.Escape(problem.Text));
                }
            }
        );
        return ExitCode.BadInput;
    }

    private static int Applied(ConfigurationAnswer answer, Printer printer)
    {
        printer.Print(
            ReloadResult.Of(answer),
            writer =>
            {
                writer.WriteLine($"configuration {answer.Revision} runs");
                foreach (var section in answer.RestartNeeded)
                {
                    writer.WriteLine($"restart needed: {Printable.Escape(section)} was edited");
                }
            }
        );
        return ExitCode.Ok;
    }

    /// <summary>The result of a reload: of the API's answer what is not the document and the files.</summary>
    private sealed record ReloadResult(
        string? Revision,
        DateTimeOffset? AppliedAt,
        IReadOnlyList<Problem> Rejected,
        IReadOnlyList<string> RestartNeeded,
        IReadOnlyList<Problem> Warnings
    )
    {
        public static ReloadResult Of(ConfigurationAnswer answer) =>
            new(answer.Revision, answer.AppliedAt, answer.Rejected, answer.RestartNeeded, answer.Warnings);
    }
}
