namespace Proxy.Configuration.Multiplexing;

/// <summary>What happens to Modbus requests that do not only read.</summary>
public enum ModbusWrites
{
    /// <summary>They are sent.</summary>
    Allow,

    /// <summary>They are answered with exception 01.</summary>
    Deny,

    /// <summary>They are answered as if done, and not sent.</summary>
    Ignore,
}
