using System.ComponentModel;

namespace Proxy.Hooks.Processes;

/// <summary>Starts processes, with <see cref="LinuxChild"/> on Linux and <see cref="PortableChild"/> elsewhere.</summary>
internal static class ChildProcess
{
    /// <exception cref="Win32Exception">The program does not exist, or may not be executed.</exception>
    public static IChildProcess Start(ChildCommand command, TimeProvider time) =>
        OperatingSystem.IsLinux() ? LinuxChild.Start(command, time) : PortableChild.Start(command, time);
}
