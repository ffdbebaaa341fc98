namespace Proxy.Etcd.Locking;

/// <summary>A key of a lock that is in the engine: a client of some host.</summary>
internal sealed class KeyPlace(string key, long created, LockRecord record)
{
    /// <summary>The number of keys that one transaction may create, by which tokens of one revision differ.</summary>
    public const int MostAtOnce = 128;

    public string Key => key;

    /// <summary>The revision that created it.</summary>
    public long Created => created;

    public LockRecord Record => record;

    /// <summary>Greater than those of all keys before it.</summary>
    public long FencingToken => (created * MostAtOnce) + Math.Clamp(record.Order, 0, MostAtOnce - 1);

    /// <summary>The ticket of a client of this host; null for others.</summary>
    public GlobalTicket? Ticket { get; set; }

    /// <summary>Where it stands in the <see cref="PlaceOrder"/>.</summary>
    public int Slot { get; set; }
}
