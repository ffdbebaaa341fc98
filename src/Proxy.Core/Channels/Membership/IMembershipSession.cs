namespace Proxy.Channels.Membership;

/// <summary>This instance's presence in its group.</summary>
public interface IMembershipSession : IAsyncDisposable
{
    /// <summary>Publishes a change of this instance: the readiness of its servers, or that it drains.</summary>
    /// <param name="self">The complete record of this instance.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Completes when the record has been sent.</returns>
    Task PublishAsync(MemberRecord self, CancellationToken cancellationToken);

    /// <summary>The updates of the members, beginning with a full set. One reader.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>Updates in order.</returns>
    IAsyncEnumerable<MembershipUpdate> ReadAsync(CancellationToken cancellationToken);
}
