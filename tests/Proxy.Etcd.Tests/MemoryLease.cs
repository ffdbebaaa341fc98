using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests;

/// <summary>The lease of a process in memory: granted when it is made, renewed for ever, and ended by the test.</summary>
internal sealed class MemoryLease : IProcessLease
{
    private readonly Lock _gate = new(); // guards both below
    private readonly MemoryCluster _cluster;
    private TaskCompletionSource<LeaseTerm> _next = New();
    private MemoryTerm? _term;

    /// <param name="cluster">The engine.</param>
    public MemoryLease(MemoryCluster cluster)
    {
        _cluster = cluster;
        Grant();
    }

    /// <inheritdoc />
    public LeaseTerm? Current
    {
        get
        {
            lock (_gate)
            {
                return _term;
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask<LeaseTerm> WaitAsync(CancellationToken cancellationToken)
    {
        Task<LeaseTerm> next;
        lock (_gate)
        {
            next = _next.Task;
        }

        return await next.WaitAsync(cancellationToken);
    }

    /// <summary>Sets what the present term has left, in this process alone; more than two seconds after less is a renewal.</summary>
    public void Leave(TimeSpan left) => Term().Set(left);

    /// <summary>Two seconds are left of the present term, in this process alone.</summary>
    public void BringNearEnd() => Leave(LeaseTerm.Margin);

    /// <summary>The present term ends in the engine: its keys vanish. This process does not know yet.</summary>
    public void ExpireThere() => _cluster.End(Term().Id);

    /// <summary>The present term ends in this process alone; there is none until the next <see cref="Grant"/>.</summary>
    public void EndHere()
    {
        MemoryTerm term;
        lock (_gate)
        {
            term = Term();
            (_term, _next) = (null, New());
        }

        term.End();
    }

    /// <summary>The lease ends: its keys vanish, this process is told, and there is none until the next <see cref="Grant"/>.</summary>
    public void Expire()
    {
        ExpireThere();
        EndHere();
    }

    /// <summary>Grants a new one.</summary>
    public void Grant()
    {
        lock (_gate)
        {
            _term = new(_cluster.Grant());
            _next.TrySetResult(_term);
        }
    }

    private static TaskCompletionSource<LeaseTerm> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MemoryTerm Term()
    {
        lock (_gate)
        {
            return _term ?? throw new InvalidOperationException("There is no term.");
        }
    }

    private sealed class MemoryTerm(long id) : LeaseTerm
    {
        private CancellationTokenSource _nearEnd = new();
        private readonly CancellationTokenSource _ended = new();
        private long _left = TimeSpan.FromSeconds(10).Ticks;

        public override long Id => id;

        public override TimeSpan Left => TimeSpan.FromTicks(Volatile.Read(ref _left));

        public override CancellationToken NearEnd => _nearEnd.Token;

        public override CancellationToken Ended => _ended.Token;

        public void Set(TimeSpan left)
        {
            Volatile.Write(ref _left, left.Ticks);
            if (left <= Margin)
            {
                _nearEnd.Cancel();
            }
            else if (_nearEnd.IsCancellationRequested && !_ended.IsCancellationRequested)
            {
                _nearEnd = new(); // it was renewed
            }
        }

        public void End()
        {
            Set(TimeSpan.Zero);
            _ended.Cancel();
        }
    }
}
