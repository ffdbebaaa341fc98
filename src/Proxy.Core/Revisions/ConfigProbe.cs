using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Revisions.Probing;

namespace Proxy.Revisions;

/// <summary>Checks what depends on this machine: whether addresses can be bound, names resolve, and certificates can be read.</summary>
public static class ConfigProbe
{
    /// <summary>Runs the checks, without starting or changing anything. Takes several seconds if names do not resolve.</summary>
    /// <param name="root">The root of the configuration, which knows files and lines.</param>
    /// <param name="revision">The revision that was read from it.</param>
    /// <param name="runs">
    /// Whether an address (path, then normalized address) is known to be bound by a running host; it is not bound for the check then.
    /// </param>
    /// <param name="time">The clock by which certificates expire.</param>
    /// <param name="cancellationToken">Cancels the checks.</param>
    /// <returns>The revision, or all errors.</returns>
    public static async Task<ReadResult> RunAsync(
        IConfigurationRoot root,
        Revision revision,
        Func<string, string, bool> runs,
        TimeProvider time,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentNullException.ThrowIfNull(time);
        var problems = new ProblemList(root, ProxyDocument.Shape(wholeDocument: true));
        AddressProbe.Run(revision, runs, problems);
        CertificateProbe.Run(revision, time.GetUtcNow(), problems);
        TlsProbe.Run(revision, time, problems);
        await NameProbe.RunAsync(revision.Config, problems, cancellationToken);
        return new ReadResult(problems.HasErrors ? null : revision, problems.Errors, problems.Warnings);
    }
}
