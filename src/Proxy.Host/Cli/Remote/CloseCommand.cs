using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy close</c>: resets connections of a running host.</summary>
internal static class CloseCommand
{
    private static readonly Argument<string[]> _ids = new("ID")
    {
        Description = "The ids of the connections, as in 'proxy connections' and in the access log.",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create() => RemoteCommand.Create("close", "Resets open connections of a running host.", RunAsync, _ids);

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var exit = ExitCode.Ok;
        foreach (var id in parsed.GetValue(_ids)!)
        {
            try
            {
                using var closed = await host.SendAsync(
                    HttpMethod.Delete,
                    $"api/connections/{Uri.EscapeDataString(id)}",
                    null,
                    cancellationToken
                );
                await output.WriteLineAsync($"{Printable.Escape(id)} closed");
            }
            catch (AdminException exception)
            {
                // The connection may have ended already. The other ids are still processed.
                await parsed.InvocationConfiguration.Error.WriteLineAsync(Printable.Escape(exception.Message));
                exit = exception.ExitCode;
            }
        }

        return exit;
    }
}
