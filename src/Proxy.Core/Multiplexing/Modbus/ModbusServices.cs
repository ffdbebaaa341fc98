using Microsoft.Extensions.DependencyInjection;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing.Modbus;

/// <summary>Registers the framings of Modbus.</summary>
internal static class ModbusServices
{
    public static void AddModbus(this IServiceCollection services)
    {
        services.AddSingleton<IMessageFramer, ModbusTcpFramer>();
        services.AddSingleton<IMessageFramer, ModbusTcpCrcFramer>();
        services.AddSingleton<IMessageFramer, ModbusRtuFramer>();
        services.AddSingleton<IMessageFramer, ModbusAsciiFramer>();
    }
}
