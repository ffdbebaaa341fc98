using System.ComponentModel;

namespace Proxy.Hooks.Processes;

/// <summary>Starts processes the way the system does best.</summary>
internal static class ChildProcess
{
    /// <exception cref="Win32Exception">There is no such program, or it may not be run.</exception>
    public static IChildProcess Start(ChildCommand command, TimeProvider time) =>
        OperatingSystem.IsLinux() ? LinuxChild.Start(command, time) : PortableChild.Start(command, time);
}
