using Proxy.Diagnostics;
using Proxy.Locking;

namespace Proxy.Host.Tests.EndToEnd.Metrics;

/// <summary>Permits of a lock over all hosts that nobody takes.</summary>
internal sealed class SharedPermits : IPermitStore, IPermits
{
    public string Name => "Global";

    public IPermits Open(string routeId, Action available) => this;

    public PermitTicket? LineUp(ConnectionRecord client) => null;

    public bool TryTake(PermitTicket? ticket, int maximum) => false;

    public void Leave(PermitTicket? ticket) { }

    public void Return(PermitTicket? ticket) { }

    public PermitTicket? Adopt(ConnectionRecord client) => null;

    public void Apply(LockSettings settings) { }

    public void Pause(bool paused) { }

    public SharedLockStatus? Describe(int maximum, bool withHolders) =>
        new()
        {
            State = SharedLockState.Shared,
            Holding = 1,
            Waiting = 2,
        };

    public void Dispose() { }
}
