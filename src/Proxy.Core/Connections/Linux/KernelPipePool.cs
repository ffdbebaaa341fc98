namespace Proxy.Connections.Linux;

/// <summary>The pipes of one loop: used while a direction moves much data, and closed after they were idle for a while.</summary>
internal sealed class KernelPipePool(EventLoop loop) : LoopTimer
{
    private const int MostIdle = 32;
    private const int MostInUse = 256;
    private const int IdleTime = 5_000;
    private readonly Stack<KernelPipe> _idle = new();
    private int _inUse;
    private int _fewestIdle;

    /// <summary>Whether splice works: a seccomp profile may forbid it, and then bytes are copied.</summary>
    public bool IsSpliceAllowed { get; set; } = true;

    /// <summary>The number of pipes that were taken and not given back.</summary>
    public int InUse => Volatile.Read(ref _inUse);

    /// <summary>Takes an empty pipe; null if bytes have to be copied.</summary>
    public KernelPipe? TryTake()
    {
        if (!IsSpliceAllowed || _inUse >= MostInUse)
        {
            return null;
        }

        var pipe = _idle.TryPop(out var idle) ? idle : KernelPipe.TryCreate();
        _fewestIdle = Math.Min(_fewestIdle, _idle.Count);
        _inUse += pipe is null ? 0 : 1;
        return pipe;
    }

    /// <summary>Returns a pipe.</summary>
    /// <param name="pipe">A pipe from <see cref="TryTake"/>.</param>
    /// <param name="isEmpty">Whether it is empty; otherwise it is closed.</param>
    public void GiveBack(KernelPipe pipe, bool isEmpty)
    {
        _inUse--;
        if (!isEmpty || _idle.Count >= MostIdle)
        {
            pipe.Close();
            return;
        }

        _idle.Push(pipe);
        loop.Timers.Schedule(this, loop.Now + IdleTime);
    }

    public void Clear()
    {
        while (_idle.TryPop(out var pipe))
        {
            pipe.Close();
        }
    }

    /// <summary>Closes the pipes that were idle during the whole interval.</summary>
    public override long OnTimer(long now)
    {
        for (var i = 0; i < _fewestIdle; i++)
        {
            _idle.Pop().Close();
        }

        _fewestIdle = _idle.Count;
        return _idle.Count == 0 ? Never : now + IdleTime;
    }
}
