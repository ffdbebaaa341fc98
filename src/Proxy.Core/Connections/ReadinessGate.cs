using System.Threading.Tasks.Sources;

namespace Proxy.Connections;

/// <summary>
/// Lets one caller at a time wait for an event of a socket. The caller resets the gate, tries its system call, and waits if that would
/// block. An event in between is kept, so none is lost.
/// </summary>
/// <param name="inline">Whether the continuation runs on the loop's thread.</param>
internal sealed class ReadinessGate(bool inline) : IValueTaskSource, IThreadPoolWorkItem
{
    private readonly Lock _gate = new(); // guards all fields below
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = !inline };
    private CancellationTokenRegistration _cancellation;
    private bool _isReady;
    private bool _isWaiting;

    /// <inheritdoc />
    public override string ToString() => "code that waited for a connection";

    /// <summary>Forgets earlier events.</summary>
    public void Reset()
    {
        lock (_gate)
        {
            _isReady = false;
        }
    }

    /// <summary>Reports an event, or the end of the connection; the waiting operation tries again.</summary>
    public void Signal()
    {
        lock (_gate)
        {
            _isReady = true;
            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _source.SetResult(true);
    }

    /// <summary>Waits for an event since the last reset.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask WaitAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_isReady)
            {
                return ValueTask.CompletedTask;
            }

            if (_isWaiting)
            {
                throw new InvalidOperationException("Another operation waits here already.");
            }

            _isWaiting = true;
            _source.Reset();
        }

        _cancellation = cancellationToken.UnsafeRegister(static (state, token) => ((ReadinessGate)state!).Cancel(token), this);
        return new ValueTask(this, _source.Version);
    }

    /// <summary>Signals, as a work item of a loop.</summary>
    void IThreadPoolWorkItem.Execute() => Signal();

    void IValueTaskSource.GetResult(short token)
    {
        _cancellation.Dispose();
        _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _source.SetException(new OperationCanceledException(token));
    }
}
