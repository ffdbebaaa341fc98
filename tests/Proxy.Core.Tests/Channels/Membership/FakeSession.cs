using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Proxy.Channels.Membership;

namespace Proxy.Core.Tests.Channels.Membership;

/// <summary>A provider's session that says what a test says.</summary>
internal sealed class FakeSession : IMembershipSession
{
    private readonly Channel<MembershipUpdate> _updates = Channel.CreateUnbounded<MembershipUpdate>();
    private int _readers;

    /// <summary>How many read it.</summary>
    public int Readers => Volatile.Read(ref _readers);

    public void Say(MembershipUpdate update) => Assert.True(_updates.Writer.TryWrite(update));

    public Task PublishAsync(MemberRecord self, CancellationToken cancellationToken) => Task.CompletedTask;

    public async IAsyncEnumerable<MembershipUpdate> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _readers);
        try
        {
            await foreach (var update in _updates.Reader.ReadAllAsync(cancellationToken))
            {
                yield return update;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _readers);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
