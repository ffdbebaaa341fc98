namespace Proxy.Etcd.Client;

/// <summary>The time limit of one answer.</summary>
internal sealed class AnswerDeadline : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _either;

    public AnswerDeadline(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        _limit = new(limit, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, cancellationToken);
    }

    /// <summary>Cancelled when the time is over, or when the caller gives up.</summary>
    public CancellationToken Token => _either.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        _either.Dispose();
        _limit.Dispose();
    }
}
