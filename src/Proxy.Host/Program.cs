using Proxy.Host.Cli;

return await ProxyCommand.RunAsync(args);
