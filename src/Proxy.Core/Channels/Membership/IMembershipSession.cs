namespace Proxy.Channels.Membership;

/// <summary>This instance's presence in its group.</summary>
public interface IMembershipSession : IAsyncDisposable
{
    /// <summary>Publishes what changed of this instance: readiness of its servers, draining.</summary>
    /// <param name="self">All there is to say.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Completes when it is on its way.</returns>
    Task PublishAsync(MemberRecord self, CancellationToken cancellationToken);

    /// <summary>The updates, a full set first. One reader.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>Updates in order.</returns>
    IAsyncEnumerable<MembershipUpdate> ReadAsync(CancellationToken cancellationToken);
}
