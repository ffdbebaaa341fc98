namespace Proxy.Configuration.Multiplexing;

/// <summary>How Modbus requests are handled that are no reads.</summary>
public enum ModbusWrites
{
    /// <summary>They are sent.</summary>
    Allow,

    /// <summary>They are answered with exception 01.</summary>
    Deny,

    /// <summary>They are not sent, but answered as if they had been executed.</summary>
    Ignore,
}
