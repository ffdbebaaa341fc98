using Proxy.Configuration.Locking;
using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Core.Tests.Locking;

/// <summary>Permits that a test grants and takes away.</summary>
internal sealed class TestPermitStore : IPermitStore
{
    private Action _available = static () => { };

    public string Name => nameof(LockScope.Global);

    public bool Grants { get; set; } = true;

    public SharedLockStatus Status { get; set; } =
        new()
        {
            State = SharedLockState.Shared,
            Holding = 0,
            Waiting = 0,
        };

    public List<string> Log { get; } = [];

    /// <summary>What happens when a lock keeps its permits here no longer.</summary>
    public Action OnClose { get; set; } = static () => { };

    public IPermits Open(string routeId, Action available)
    {
        _available = available;
        return new Permits(this);
    }

    public void Grant()
    {
        Grants = true;
        _available();
    }

    /// <summary>The ticket of a client.</summary>
    internal sealed class Ticket : PermitTicket
    {
        private readonly CancellationTokenSource _lost = new();

        public override long FencingToken => 4711;

        public override CancellationToken Lost => _lost.Token;

        public override int? Rank => 6;

        public void Lose() => _lost.Cancel();
    }

    private sealed class Permits(TestPermitStore owner) : IPermits
    {
        public PermitTicket? LineUp(ConnectionRecord client)
        {
            owner.Log.Add($"{client.Id} lines up");
            if (owner.Grants)
            {
                _ = Task.Run(owner._available); // as one that had to ask first
            }

            return new Ticket();
        }

        public bool TryTake(PermitTicket? ticket, int maximum) => ticket is not null && owner.Grants;

        public void Leave(PermitTicket? ticket) => owner.Log.Add("leaves");

        public void Return(PermitTicket? ticket) => owner.Log.Add("returns");

        public PermitTicket? Adopt(ConnectionRecord client)
        {
            owner.Log.Add($"{client.Id} is served");
            return new Ticket();
        }

        public void Apply(LockSettings settings) => owner.Log.Add($"{settings.WhenEngineLost}");

        public void Pause(bool paused) => owner.Log.Add(paused ? "pauses" : "resumes");

        public SharedLockStatus? Describe(int maximum, bool withHolders) => owner.Status;

        public void Dispose()
        {
            owner.Log.Add("closes");
            owner.OnClose();
        }
    }
}
