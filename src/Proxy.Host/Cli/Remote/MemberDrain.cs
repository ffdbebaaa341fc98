using Proxy.Channels;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary><c>proxy drain --member</c> and <c>proxy undrain --member</c>.</summary>
internal static class MemberDrain
{
    /// <param name="host">The running host.</param>
    /// <param name="member">The id of the member.</param>
    /// <param name="verb">The verb of the API.</param>
    /// <param name="allHosts">Whether it is for all hosts.</param>
    /// <param name="printer">The place of the result.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> RunAsync(
        AdminClient host,
        string member,
        string verb,
        bool allHosts,
        Printer printer,
        CancellationToken cancellationToken
    )
    {
        var path = $"api/members/{Uri.EscapeDataString(member)}/{verb}{DrainCommand.Query(allHosts)}";
        var state = await host.SendForAsync<MemberStatus>(HttpMethod.Post, path, cancellationToken);
        printer.Print(
            new MemberResult(state),
            writer =>
                writer.WriteLine(
                    $"member {Printable.Escape(member)} {(state is null ? "is not drained for all hosts; this host does not know it" : DrainCommand.Word(state.Drained, state.DrainedHere, state.DrainedForAll))}"
                )
        );
        return ExitCode.Ok;
    }

    /// <summary>The result of a drain.</summary>
    /// <param name="Member">The member, as the API describes it; null if the host does not know it.</param>
    private sealed record MemberResult(MemberStatus? Member);
}
