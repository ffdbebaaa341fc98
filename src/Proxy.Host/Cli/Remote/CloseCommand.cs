using System.CommandLine;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
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

    private static async Task<int> RunAsync(AdminClient host, ParseResult parsed, Printer printer, CancellationToken cancellationToken)
    {
        var exit = ExitCode.Ok;
        var closed = new List<string>();
        foreach (var id in parsed.GetValue(_ids)!)
        {
            try
            {
                var path = $"api/connections/{Uri.EscapeDataString(id)}";
                using var answer = await host.SendAsync(HttpMethod.Delete, path, null, cancellationToken);
                closed.Add(id);
            }
            catch (AdminException exception)
            {
                // The connection may have ended already. The other ids are still processed.
                await parsed.InvocationConfiguration.Error.WriteLineAsync(Printable.Escape(exception.Message));
                exit = exception.ExitCode;
            }
        }

        printer.Print(new { Closed = closed }, writer => closed.ForEach(id => writer.WriteLine($"{Printable.Escape(id)} closed")));
        return exit;
    }
}
