using System.Runtime.CompilerServices;

namespace Proxy.Channels.Membership;

/// <summary>One session with a provider added in code, from joining to its end. Changes of this instance are published on it.</summary>
/// <param name="provider">The provider.</param>
/// <param name="time">The clock.</param>
internal sealed class ProviderSession(IMembershipProvider provider, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan _joinLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _publishLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _ending = new();
    private IMembershipSession? _session;

    /// <summary>Joins the group.</summary>
    public async Task JoinAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(_joinLimit, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        _session = await provider.JoinAsync(self, limit.Token);
    }

    /// <summary>The updates of the provider, until the session ends.</summary>
    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token, cancellationToken);
        await foreach (var update in _session!.ReadAsync(ended.Token))
        {
            yield return update;
        }
    }

    /// <summary>Publishes a change of this instance. If that fails, the session ends, and the next one joins with the new record.</summary>
    /// <returns>The reason of the failure; null on success.</returns>
    public async Task<string?> TryPublishAsync(MemberRecord self, CancellationToken cancellationToken)
    {
        try
        {
            await _session!.PublishAsync(self, cancellationToken).WaitAsync(_publishLimit, time, cancellationToken);
            return null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            await EndAsync();
            return exception.Message;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await (_session?.DisposeAsync() ?? ValueTask.CompletedTask);
        _ending.Dispose();
    }

    private async Task EndAsync()
    {
        try
        {
            await _ending.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The session has ended meanwhile.
        }
    }
}
