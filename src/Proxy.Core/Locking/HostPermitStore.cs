using Proxy.Diagnostics;

namespace Proxy.Locking;

/// <summary>Keeps permits in this process.</summary>
internal sealed class HostPermitStore : IPermitStore
{
    /// <inheritdoc />
    public string Name => "Host";

    /// <inheritdoc />
    public IPermits Open(string routeId, Action available) => new Permits();

    // A count is enough: the queue knows the order, and when it returns a permit it admits its next client itself.
    private sealed class Permits : IPermits
    {
        private int _taken;

        public PermitTicket? LineUp(ConnectionRecord client) => null;

        public bool TryTake(PermitTicket? ticket, int maximum)
        {
            var taken = Volatile.Read(ref _taken);
            while (taken < maximum)
            {
                var seen = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
                if (seen == taken)
                {
                    return true;
                }

                taken = seen;
            }

            return false;
        }

        public void Leave(PermitTicket? ticket) { }

        public void Return(PermitTicket? ticket) => Interlocked.Decrement(ref _taken);

        public PermitTicket? Adopt(ConnectionRecord client)
        {
            Interlocked.Increment(ref _taken);
            return null;
        }

        public void Apply(LockSettings settings) { }

        public void Pause(bool paused) { }

        public SharedLockStatus? Describe(int maximum, bool withHolders) => null;

        public void Dispose() { }
    }
}
