using System.Net;

namespace Proxy.Channels.Tunnel;

/// <summary>Bounds connections whose peers have not greeted yet: anybody can open one, and each takes memory for as long as it may take.</summary>
internal sealed class GreetingLimit
{
    /// <summary>How many one address may have. A peer has one or a few, and tries again.</summary>
    public const int PerAddress = 128;

    private const int All = 4096;

    private readonly Lock _gate = new(); // guards the fields below
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private int _all;

    /// <summary>Whether there is a place for one more; it has to leave then.</summary>
    public bool TryEnter(IPAddress address)
    {
        lock (_gate)
        {
            var count = _byAddress.GetValueOrDefault(address);
            if (_all >= All || count >= PerAddress)
            {
                return false;
            }

            _byAddress[address] = count + 1;
            _all++;
            return true;
        }
    }

    public void Leave(IPAddress address)
    {
        lock (_gate)
        {
            _all--;
            if (--_byAddress[address] == 0)
            {
                _byAddress.Remove(address);
            }
        }
    }
}
