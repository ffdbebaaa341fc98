using System.Net;
using DnsClient;

namespace Proxy.Clusters.Services;

/// <summary>Asks DNS for the servers of a service.</summary>
/// <param name="server">The DNS server; null for those of the system, as they are at each question.</param>
internal sealed class SrvLookup(IPEndPoint? server = null)
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks once.</summary>
    /// <exception cref="IOException">There is no answer, or the name has no such record; the message says which.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<SrvAnswer> AskAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var options = server is null ? new LookupClientOptions() : new LookupClientOptions(server);
            (options.UseCache, options.ThrowDnsErrors, options.Timeout, options.Retries) = (false, true, _timeout, 1);
            var response = await new LookupClient(options).QueryAsync(name + ".", QueryType.SRV, QueryClass.IN, cancellationToken);
            var records = response.Answers.SrvRecords().ToList();
            return records.Count == 0
                ? throw new IOException($"DNS has no SRV record of '{name}'.")
                : new([.. records.Select(Read).Where(static record => record.Target.Length > 0)], TimeToLive(records));
        }
        catch (DnsResponseException exception)
        {
            throw new IOException($"DNS has no answer for '{name}': {exception.Message}", exception);
        }
    }

    private static SrvRecord Read(DnsClient.Protocol.SrvRecord record) =>
        new(record.Target.Value.TrimEnd('.').ToLowerInvariant(), record.Port, record.Priority, record.Weight);

    private static TimeSpan TimeToLive(IEnumerable<DnsClient.Protocol.SrvRecord> records) =>
        TimeSpan.FromSeconds(records.Min(static record => record.InitialTimeToLive));
}
