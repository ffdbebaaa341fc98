using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Proxy.Connections.Linux;

/// <summary>A read that waits for bytes, one at a time per stream. Reused, so that waiting connections allocate nothing.</summary>
internal sealed class PendingRead : IValueTaskSource<int>
{
    private readonly EpollStream _stream;
    private readonly ReadinessGate _gate;
    private readonly Action _onReady;
    private ManualResetValueTaskSourceCore<int> _source;
    private ValueTaskAwaiter _waiting;
    private Memory<byte> _buffer;
    private CancellationToken _cancellation;

    public PendingRead(EpollStream stream, ReadinessGate gate)
    {
        _stream = stream;
        _gate = gate;
        _onReady = OnReady;
    }

    public ValueTask<int> Start(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _source.Reset();
        _buffer = buffer;
        _cancellation = cancellationToken;
        Wait();
        return new(this, _source.Version);
    }

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);

    [SuppressMessage("Reliability", "CA2012", Justification = "The awaiter is kept where the continuation finds it, and used once.")]
    private void Wait()
    {
        try
        {
            _waiting = _gate.WaitAsync(_cancellation).GetAwaiter();
        }
        catch (Exception exception) when (exception is OperationCanceledException or InvalidOperationException)
        {
            _source.SetException(exception);
            return;
        }

        if (_waiting.IsCompleted)
        {
            OnReady();
        }
        else
        {
            _waiting.UnsafeOnCompleted(_onReady);
        }
    }

    private void OnReady()
    {
        int count;
        try
        {
            _waiting.GetResult();
            count = _stream.TryRead(_buffer.Span);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            _source.SetException(exception);
            return;
        }

        if (count < 0)
        {
            Wait();
        }
        else
        {
            _source.SetResult(count);
        }
    }
}
